import type { UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';

/** Why an event goes out. */
export type Purpose = 'message' | 'hello' | 'receipt' | 'reply';

/** Signed bytes on their way out. Never signed again: a retry sends the same event. */
export interface OutboxItem {
  readonly event: NostrEvent;
  readonly peer: Pubkey;
  readonly purpose: Purpose;
  readonly attempts: number;
  /** When to try next; null while there is nothing to do until a relay comes back. */
  readonly dueAtMs: UnixMs | null;
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
