/** Limits of the embedded relay. Its NIP-11 document publishes those that a client can act on. */
export const relayLimits = {
  /** Stored events sent for one filter: the usual `max_limit` of public relays. */
  queryEvents: 500,
  /** Bytes of one frame from a client: twice the largest event, so that an event that is too large gets an OK with the reason. */
  frameBytes: 128 * 1024,
  /** Bytes of one event as JSON: strfry's limit; what this relay accepts, public relays accept. */
  eventBytes: 64 * 1024,
  /** Tags of one event: strfry's limit; a person's contact list has hundreds. */
  eventTags: 2000,
  /** Characters of an indexed (single-letter) tag's value: strfry's limit. */
  tagValueChars: 1024,
  /** Characters of a subscription id (NIP-01). */
  subscriptionIdChars: 64,
  /** Subscriptions of one connection: an agent needs four, and each is matched with every event. */
  subscriptions: 20,
  /** Filters of one subscription: each is matched with every event. */
  filters: 10,
  /** Keys that one connection may authenticate: each costs a signature check, and an agent has one. */
  keys: 16,
  /** How far an event may be dated ahead of the relay's clock: strfry's limit. */
  futureSec: 900,
  /** How old an event may be: three years, strfry's limit. */
  pastSec: 94_608_000,
  /** How old an ephemeral event may be (strfry's limit). */
  ephemeralPastSec: 60,
  /** How far the date of an AUTH event may differ from our clock: NIP-42 says "about 10 minutes". */
  authSec: 600,
  /** Events stored; the first message is dropped first. Presences replace one another, so most are messages. */
  storedEvents: 100_000,
  /** Bytes of JSON stored: `storedEvents` of the largest size would be 6 GB, plus indexes. */
  storedBytes: 128 * 1024 * 1024,
  /** Events that are no direct messages and stay when messages fill the store: presences of thousands of agents. */
  publicEvents: 10_000,
  /** Bytes of the events that stay when messages fill the store: an eighth of it. */
  publicBytes: 16 * 1024 * 1024,
  /** Bytes in the data folder: twice what is stored, and once more while it is compacted. Above it, events are refused. */
  diskBytes: 512 * 1024 * 1024,
  /** Bytes in the data folder that may be out of date before it is compacted; small stores need not be tidy. */
  diskSlackBytes: 16 * 1024 * 1024,
  /** Files in the data folder before it is compacted: each start adds one. */
  diskSegments: 16,
  /** Bytes of events that wait for the disk; when it hangs, more are refused. */
  diskWaitingBytes: 16 * 1024 * 1024,
  /** Deletions remembered (NIP-09), so that deleted events do not come back; the oldest is forgotten first. */
  deletions: 50_000,
  /** Connections from one address that is not loopback: enough for a household, not for a flood. */
  connectionsPerAddress: 20,
  /** Events a minute from one address that is not loopback. Checking a signature takes milliseconds. */
  eventsPerMinute: 120,
  /** Events at once from one address that is not loopback. */
  eventsAtOnce: 60,
  /** Bytes of stored events sent ahead of a client that reads slowly. */
  sendAheadBytes: 1024 * 1024,
  /** Bytes that wait for a client before we disconnect: it does not read while others write. */
  bufferedBytes: 8 * 1024 * 1024,
  /** Time between two pings; a client that missed one is disconnected at the next. */
  pingMs: 30_000,
  /** Time between two deletions of expired events, which are hidden before. */
  sweepMs: 60_000,
} as const;

export type RelayLimits = { readonly [Name in keyof typeof relayLimits]: number };
