import type { UnixMs } from '@ocmesh/shared/ambient';

/** Where an event came from and when. */
export interface Source {
  readonly url: string;
  readonly receivedAtMs: UnixMs;
  /** Fetched from what the relay had kept; not as it came. */
  readonly isBackfill: boolean;
}

/** Why a relay's event had no effect. A closed list: each is counted and shown in `GET /status`. */
export type Refusal =
  | 'garbage_frame'
  | 'frame_too_large'
  | 'unasked'
  | 'malformed'
  | 'too_large'
  | 'unwanted_kind'
  | 'own'
  | 'future_dated'
  | 'expired'
  | 'not_addressed_to_us'
  | 'no_presence'
  | 'blocked'
  | 'stranger'
  | 'requests_full'
  | 'duplicate'
  | 'stale'
  | 'bad_signature'
  | 'undecryptable'
  | 'overloaded'
  | 'rate_limited'
  | 'inbox_full'
  | 'stranger_quota'
  | 'peers_full';

/** Why a verified event had no effect after all. */
export interface Refused {
  readonly refusal: Refusal;
  /** Its copies are not worth another look; else it has to come again. */
  readonly isFinal: boolean;
}

/** Thrown inside a transaction: nothing of it is kept, so the event comes again with the next catch-up. */
export class Deferred extends Error {
  readonly reason: Refusal;
  constructor(reason: Refusal) {
    super(reason);
    this.name = 'Deferred';
    this.reason = reason;
  }
}
