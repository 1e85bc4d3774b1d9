export {
  type ChatPayload,
  chatPayload,
  controlTypes,
  envelopeFields,
  helloPayload,
  knownTypes,
  type Payload,
  parsePayload,
  pingPayload,
  plainText,
  pongPayload,
  profilePayload,
  receiptPayloads,
} from './envelope.ts';
export {
  type EventDraft,
  expirationOf,
  type Filter,
  isExpired,
  type NostrEvent,
  parseEvent,
  parseUnsignedEvent,
  tagValue,
  tagValues,
  type UnsignedEvent,
} from './event.ts';
export { matchesFilter } from './filter.ts';
export {
  authFrame,
  closeFrame,
  countFrame,
  eventFrame,
  parseArray,
  parseRelayFrame,
  type ReasonPrefix,
  type RelayFrame,
  reasonPrefix,
  reqFrame,
} from './frames.ts';
export { isAddressable, isEphemeral, isReplaceable, kinds } from './kinds.ts';
export { wireLimits } from './limits.ts';
export {
  ANNOUNCEMENTS_PER_LIFETIME,
  announcedEverySec,
  type Claims,
  HANDLE_LABEL_DIGITS,
  labelFilter,
  noteFilter,
  type Presence,
  type PresenceDraft,
  type PresenceKind,
  presenceEvent,
  presenceFilter,
  readPresence,
  relayShare,
  textFilter,
  toNameLabel,
} from './presence.ts';
export { hasQuery, isLocalRelay, isLoopbackRelay, maskQueries } from './relay-address.ts';
export { publicRelays, readRelayList, relayListEvent } from './relay-list.ts';
export { parseRelayUrl, type RelayUrlProblem } from './relay-url.ts';
export {
  type Dialect,
  defaultFeatures,
  dialectOf,
  ocmeshVersion,
  ourFeatures,
  takesPings,
} from './version.ts';
