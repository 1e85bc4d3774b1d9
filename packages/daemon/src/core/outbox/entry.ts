import type { MonotonicMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { OutboxEntry, Purpose } from '../model/outbox.ts';

/** One event on its way to several relays, as the outbox holds it in memory. */
export interface Entry {
  /** Event id. Changes when the message is re-signed. */
  id: string;
  readonly peer: Pubkey;
  readonly purpose: Purpose;
  /** Grows from entry to entry. */
  readonly order: number;
  /** Bytes of the event. */
  readonly bytes: number;
  /** Relays to be asked, for the first time or again. */
  readonly pending: Set<string>;
  /** Relays that accepted it, and when. */
  readonly acceptedBy: Map<string, MonotonicMs>;
  /** Relays skipped because they refuse everything we write. */
  readonly skipped: Set<string>;
  /** Relays that refused us, not the event: how often, and when last. They may accept it later. */
  readonly refusals: Map<string, { readonly count: number; readonly at: MonotonicMs }>;
  /** Relays that accepted it and are known to drop what they accept. They are asked again once they keep messages. */
  readonly droppedBy: Set<string>;
  /** Relays of the peer that want to know who writes. They learn it only if the event can go no other way. */
  readonly withheld: Set<string>;
  /** Relays that gave an outcome of any kind. */
  readonly asked: Set<string>;
  /** Refusals that do not say whether another attempt makes sense, per relay. */
  readonly unexplained: Map<string, number>;
  /** Relays asked in addition to ours and the peer's, because the peer has not confirmed. */
  readonly extra: Set<string>;
  /** It stays until the peer's receipt: the message may be lost although a relay accepted it. */
  awaitsReceipt: boolean;
  /** It stays until a relay that accepted it passes a test: no receipt will tell whether it was kept. */
  awaitsTest: boolean;
  /** Attempts under way, over all lanes. */
  inFlight: number;
  /** Number of times it was re-signed because its receipt was missing. */
  resigned: number;
  /** Set while it is being re-signed. */
  resigning: Promise<boolean> | null;
}

export const newEntry = ({ eventId, peer, purpose, bytes }: OutboxEntry, order: number): Entry => ({
  id: eventId,
  peer,
  purpose,
  order,
  bytes,
  pending: new Set(),
  acceptedBy: new Map(),
  skipped: new Set(),
  refusals: new Map(),
  droppedBy: new Set(),
  withheld: new Set(),
  asked: new Set(),
  unexplained: new Map(),
  extra: new Set(),
  awaitsReceipt: false,
  awaitsTest: false,
  inFlight: 0,
  resigned: 0,
  resigning: null,
});

/** Whether an attempt on this relay is one more than needed: it accepted the event already, or is an extra one. */
export const isRepeat = (entry: Entry, url: string): boolean =>
  entry.acceptedBy.has(url) || entry.extra.has(url);

/**
 * Whether relays are left that may take it later. One that refused us counts for everything but messages: their sender learns
 * at once that nobody takes them, while a receipt or a hello that is given up is missed by nobody here.
 */
export const hasRelaysLeft = ({ purpose, skipped, droppedBy, withheld, refusals }: Entry): boolean =>
  skipped.size + droppedBy.size + withheld.size > 0 || (purpose !== 'message' && refusals.size > 0);

/** Result of an attempt, which decides what the lane does next. */
export type AttemptResult =
  /** Nothing more to do on this relay. */
  | 'done'
  /** Try again after the retry delay. */
  | 'retry'
  /** Try again at once: the event was replaced. */
  | 'again'
  /** The relay did not reply: try again after the retry delay, with fewer events in flight. */
  | 'silent'
  /** Not connected: try again once it is. */
  | 'not_connected';
