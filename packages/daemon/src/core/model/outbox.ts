import type { ConfirmedMs, UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';

/** Why an event is sent, the most urgent first: if the write budget is short, the others wait. */
export const purposes = ['message', 'receipt', 'reply', 'hello'] as const;
export type Purpose = (typeof purposes)[number];

/** A signed event on its way out. A retry sends the same bytes; `outbox/resign-event.ts` has the exceptions. */
export interface OutboxItem {
  readonly event: NostrEvent;
  readonly peer: Pubkey;
  readonly purpose: Purpose;
  /** What it says, to sign it anew; null for a message, whose text is stored with it. */
  readonly payload: string | null;
  readonly createdAtMs: ConfirmedMs;
  readonly expiresAtMs: ConfirmedMs;
}

/** An outbox item without its event. */
export interface OutboxEntry {
  readonly eventId: string;
  readonly peer: Pubkey;
  readonly purpose: Purpose;
}

/** Outcome of publishing one event on one relay. */
export interface RelayOutcomeRecord {
  readonly url: string;
  readonly outcome: 'accepted' | 'rejected' | 'timeout';
  readonly reason: string | null;
  /** This relay will not be tried again. */
  readonly final: boolean;
  readonly atMs: UnixMs;
}
