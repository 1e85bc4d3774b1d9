import type { ConfirmedMs, UnixMs } from '@ocmesh/shared/ambient';

/** Where an event came from and when. */
export interface Source {
  readonly url: string;
  readonly receivedAtMs: UnixMs;
  /** The same moment in confirmed time, by which what is stored grows old. */
  readonly storedAtMs: ConfirmedMs;
  /** The relay already had it when we asked; it did not come live. */
  readonly isBackfill: boolean;
}

/** Outcome of a check: accepted with a value, or refused. */
export type Verdict<T> = Accepted<T> | Refused;

export interface Accepted<T> {
  readonly ok: T;
}

export interface Refused {
  readonly refused: RefusalReason;
  /** `later`: there was no room for it now, so the same event has to be fetched again if it was meant for us. */
  readonly again: 'never' | 'later';
  /** Where its id is kept, so that copies from other relays cost nothing. Ids are kept only of events with a valid signature. */
  readonly remembered: 'on disk' | 'in memory' | 'no';
}

type Consequences = Omit<Refused, 'refused'>;
const never: Consequences = { again: 'never', remembered: 'no' };
const neverOnDisk: Consequences = { again: 'never', remembered: 'on disk' };
const neverInMemory: Consequences = { again: 'never', remembered: 'in memory' };
const later: Consequences = { again: 'later', remembered: 'no' };

/**
 * Every reason to refuse an event, and the only place that decides whether the event may come again. A closed list: each
 * reason is counted and shown in `GET /status`.
 */
const consequences = {
  // Frames of a relay that hold no event we asked for.
  garbage_frame: never,
  frame_too_large: never,
  unasked: never,
  // The gate: before the signature check, so nothing is remembered.
  malformed: never,
  too_large: never,
  unwanted_kind: never,
  future_dated: never,
  expired: never,
  not_addressed_to_us: never,
  // Sent live: only a catch-up asks for messages that old.
  too_old: never,
  // Known already, or older than what we know.
  duplicate: never,
  stale: never,
  // A message that ended before it came. Its id is not kept: our clock may be wrong.
  message_expired: never,
  bad_signature: never,
  // A presence that says nothing; ids of presences are not remembered.
  no_presence: never,
  // Useless forever: one copy costs a decryption, the copies of other relays and after a restart must not.
  own: neverOnDisk,
  undecryptable: neverOnDisk,
  // A rumor of a kind that is no message, such as a reaction.
  unwanted_rumor: neverOnDisk,
  // The owner does not want it.
  blocked: neverOnDisk,
  stranger: neverOnDisk,
  requests_full: neverOnDisk,
  // In memory only: strangers decide how many there are, and room on disk is what they exceeded.
  stranger_quota: neverInMemory,
  overloaded: later,
  rate_limited: later,
  inbox_full: later,
  peers_full: later,
} as const satisfies Record<string, Consequences>;

export type RefusalReason = keyof typeof consequences;

export const refusalReasons = Object.keys(consequences) as RefusalReason[];

/** One object per reason, so that refusing a flood allocates nothing. */
const refusals = Object.fromEntries(
  refusalReasons.map((refused) => [refused, { refused, ...consequences[refused] }]),
) as Readonly<Record<RefusalReason, Refused>>;

export const refuse = (reason: RefusalReason): Refused => refusals[reason];

export const accept = <T>(value: T): Accepted<T> => ({ ok: value });
