import type { Pubkey } from '@ocmesh/shared/contract';
import type { OutboxEntry, Purpose } from '../model/outbox.ts';

/** One event on its way to several relays, as the outbox holds it in memory. */
export interface Entry {
  /** Event id. Changes when the message is re-signed. */
  id: string;
  readonly peer: Pubkey;
  readonly purpose: Purpose;
  /** Relays without a final outcome. */
  readonly pending: Set<string>;
  /** Relays skipped because they refuse everything we write; tried after all if no other relay accepts the event. */
  readonly skipped: Set<string>;
  /** Set once the skipped relays are tried: from then on none is skipped. */
  triesAll: boolean;
  /** Attempts under way, over all lanes. */
  inFlight: number;
  /** Set while it is being re-signed. */
  resigning: Promise<boolean> | null;
}

export const newEntry = ({ eventId, peer, purpose }: OutboxEntry): Entry => ({
  id: eventId,
  peer,
  purpose,
  pending: new Set(),
  skipped: new Set(),
  triesAll: false,
  inFlight: 0,
  resigning: null,
});

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
