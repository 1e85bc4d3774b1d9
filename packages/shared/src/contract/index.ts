export { type ClientOptions, createClient, type FetchLike } from './client.ts';
export { type ErrorCode, errorCatalogue, errorRow, isErrorCode, OcmeshError } from './errors.ts';
export { type EventType, eventTypes } from './event-types.ts';
export { type FollowOptions, followEvents, type StreamFetchLike } from './follow-events.ts';
export { countCodePoints, cutChars, isHex64, isPubkey, type Pubkey, utf8Bytes } from './ids.ts';
export { limits } from './limits.ts';
export { isNestedWithin } from './nesting.ts';
export { openApiDocument } from './openapi.ts';
export {
  type AbortSignalLike,
  type CallContext,
  type CallName,
  callNames,
  type Handlers,
  type Input,
  type Operation,
  type OperationName,
  type Output,
  operations,
  type Page,
  type Passed,
  pathFields,
  type Streams,
  statusOf,
} from './operations.ts';
export type {
  Delivery,
  DeliveryState,
  ErrorBody,
  Handshake,
  Message,
  Peer,
  PeerDetails,
  Reachability,
  Reason,
  RelayDetails,
  RelayOutcome,
  RelayState,
  RelayStatus,
  Status,
  Trust,
} from './schemas.ts';
export type { StreamEvent } from './stream-events.ts';
export { type Static, type TObject, type TSchema, Type } from './typebox.ts';
export { createChecker, validateInput } from './validate.ts';
