import type { ConfirmedMs, UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';

/**
 * Why an event is sent, the most urgent first: if the write budget is short, the others wait. What goes to the owner's phone is
 * little, and may be about an agent that writes too much.
 */
export const purposes = ['owner', 'message', 'receipt', 'reply', 'hello'] as const;
export type Purpose = (typeof purposes)[number];

/** A signed event on its way out. A retry sends the same bytes; `outbox/resign-event.ts` has the exceptions. */
export interface OutboxItem {
  readonly event: NostrEvent;
  readonly peer: Pubkey;
  readonly purpose: Purpose;
  /** What it says, to sign it again; null for a message, whose text is stored with it. */
  readonly payload: string | null;
  readonly createdAtMs: ConfirmedMs;
  readonly expiresAtMs: ConfirmedMs;
}

/** An outbox item without its event. */
export interface OutboxEntry {
  readonly eventId: string;
  readonly peer: Pubkey;
  readonly purpose: Purpose;
  /** Length of the event as JSON. */
  readonly bytes: number;
}

/** A relay that is still to be asked, and why it has not been. */
export interface PendingRelay {
  readonly url: string;
  readonly reason: string;
}

/** Outcome of publishing one event on one relay. */
export interface RelayOutcomeRecord {
  readonly url: string;
  /** `dropped`: it was accepted by a relay that is known to drop what it accepts. */
  readonly outcome: 'accepted' | 'rejected' | 'timeout' | 'dropped';
  readonly reason: string | null;
  /** This relay will not be tried again, even after a restart. */
  readonly final: boolean;
  readonly atMs: UnixMs;
}
