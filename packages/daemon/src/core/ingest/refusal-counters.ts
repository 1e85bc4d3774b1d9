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

/** Refusals that are the daily business of several relays carrying the same events. */
const ordinary: readonly Refusal[] = ['duplicate', 'stale', 'own', 'expired'];

export interface RefusalCounters {
  /** An event came, whatever becomes of it. */
  countEvent(): void;
  count(reason: Refusal): void;
  /** All counts since start. */
  totals(): { readonly events: number; readonly refused: Readonly<Record<string, number>> };
  /** Counts since start, the ordinary ones left out. */
  unusual(): Record<string, number>;
}

export function createRefusalCounters(): RefusalCounters {
  const counts = new Map<Refusal, number>();
  let events = 0;
  return {
    countEvent() {
      events++;
    },
    totals: () => ({ events, refused: Object.fromEntries(counts) }),
    count(reason) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    },
    unusual: () => Object.fromEntries([...counts].filter(([reason]) => !ordinary.includes(reason))),
  };
}
