/** Limits of the embedded relay. Its NIP-11 document publishes those that a client can act on. */
export const relayLimits = {
  /** Events in the answer to one filter: public relays' usual `max_limit`. */
  answerEvents: 500,
  /** Bytes of one frame from a client: the largest event twice over, so that what is too large gets an OK that says so. */
  frameBytes: 128 * 1024,
  /** Bytes of one event as JSON: strfry's bound; what passes here passes on public relays. */
  eventBytes: 64 * 1024,
  /** Tags of one event: strfry's bound; a contact list of a person has hundreds. */
  eventTags: 2000,
  /** Characters of an indexed (single-letter) tag's value: strfry's bound. */
  tagValueChars: 1024,
  /** Characters of a subscription id (NIP-01). */
  subscriptionIdChars: 64,
  /** Subscriptions of one connection: an agent needs four, and each costs a match per event. */
  subscriptions: 20,
  /** Filters of one subscription: each costs a match per event, too. */
  filters: 10,
  /** Keys that one connection may authenticate: each costs a signature check, an agent has one. */
  keys: 16,
  /** Seconds an event may be dated ahead of our clock: strfry's bound. */
  futureSec: 900,
  /** Seconds an event may be old: three years, strfry's bound. */
  pastSec: 94_608_000,
  /** Seconds an ephemeral event may be old: later it would look like news (strfry's bound). */
  ephemeralPastSec: 60,
  /** Seconds an AUTH event may differ from our clock: NIP-42 says "about 10 minutes". */
  authSec: 600,
  /** Events kept; the one that came first goes first. Presences replace one another, so these are messages. */
  storedEvents: 100_000,
  /** Bytes of JSON kept: `storedEvents` of the largest size would be 6 GB, and the indexes come on top. */
  storedBytes: 128 * 1024 * 1024,
  /** Deletions remembered (NIP-09) against events that come back; the oldest is forgotten first. */
  deletions: 50_000,
  /** Connections from one address that is not loopback: a household behind one address, not a flood. */
  connectionsPerAddress: 20,
  /** Events a minute from one address that is not loopback. Checking a signature takes milliseconds. */
  eventsPerMinute: 120,
  /** Events at once from one address that is not loopback. */
  eventsAtOnce: 60,
  /** Bytes of an answer that wait for the client to read on; the rest stays unsent until it does. */
  answerBytes: 1024 * 1024,
  /** Bytes that wait for a client before we hang up: it does not read while others write. */
  bufferedBytes: 8 * 1024 * 1024,
  /** Milliseconds between pings; a client that missed one is cut at the next. */
  pingMs: 30_000,
  /** Milliseconds between two clearings of expired events; until then they are hidden. */
  sweepMs: 60_000,
} as const;

export type RelayLimits = { readonly [Name in keyof typeof relayLimits]: number };
