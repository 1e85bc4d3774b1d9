export { describeMesh, megabytes } from './discovery-words.ts';
export { type ErrorCode, errorCatalogue, errorRow, isErrorCode } from './errors.ts';
export {
  type Asked,
  type CallContext,
  type CallName,
  type CoreHandlers,
  type CountedPage,
  callNames,
  type Handlers,
  type Input,
  type Output,
  type Page,
  type Passed,
  type Streams,
} from './handlers.ts';
export { isHex64, isPubkey, type Pubkey } from './ids.ts';
export { limits } from './limits.ts';
export { cutChars, hasInexactInteger, isNestedWithin, utf8Bytes } from './measure.ts';
export {
  errorStep,
  isProblem,
  nextSteps,
  type Problem,
  reachabilityStep,
  reasonStep,
  warningStep,
  withStepsFor,
} from './next-steps.ts';
export { OcmeshError } from './ocmesh-error.ts';
export { openApiDocument } from './openapi.ts';
export {
  type AbortSignalLike,
  askedHeaders,
  callerHeader,
  commonErrors,
  defaultPort,
  hasBody,
  type Operation,
  pageKeyHeader,
  pathFields,
  statusOf,
} from './operation.ts';
export { type OperationName, operations } from './operations.ts';
export { type Owner, QuietHours } from './owner-schemas.ts';
export { foldName, handlesOf, keyPrefix, matchPeers } from './peer-handle.ts';
export { OwnAbout, OwnCapabilities, OwnCapability, type Profile } from './profile-schemas.ts';
export { proofText } from './proof.ts';
export type { AcceptedDates, RelayDetails, RelayState, RelayStatus } from './relay-schemas.ts';
export type {
  Delivery,
  DeliveryState,
  ErrorBody,
  Handshake,
  Message,
  Peer,
  PeerDetails,
  Policy,
  Reachability,
  Reason,
  RelayOutcome,
  Request,
  Status,
  Trust,
  Warning,
} from './schemas.ts';
export { isSlug } from './slug.ts';
export type { Audience } from './step-texts.ts';
export { type EventType, eventTypes, type StreamEvent } from './stream-events.ts';
export { type Static, type TObject, type TSchema, Type } from './typebox.ts';
export { createChecker, validateInput } from './validate.ts';
