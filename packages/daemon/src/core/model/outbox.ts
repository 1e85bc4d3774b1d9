import type { UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';

/** Why an event goes out, the most urgent first: where writes are rationed, the others wait. */
export const purposes = ['message', 'receipt', 'reply', 'hello'] as const;
export type Purpose = (typeof purposes)[number];

/** Signed bytes on their way out. A retry sends the same event; see re-sign.ts for the exceptions. */
export interface OutboxItem {
  readonly event: NostrEvent;
  readonly peer: Pubkey;
  readonly purpose: Purpose;
  readonly expiresAtMs: UnixMs;
}

/** An item without its bytes. */
export interface OutboxEntry {
  readonly eventId: string;
  readonly peer: Pubkey;
  readonly purpose: Purpose;
  readonly expiresAtMs: UnixMs;
}

/** What one relay said to one event. */
export interface RelayOutcomeRecord {
  readonly url: string;
  readonly outcome: 'accepted' | 'rejected' | 'timeout';
  readonly reason: string | null;
  /** No use in asking this relay again. */
  readonly final: boolean;
  readonly atMs: UnixMs;
}
