import type { NostrEvent } from '@ocmesh/shared/wire';

/** Verifies signatures in another thread. Optional: without it, or while it is not ready, the core verifies inline. */
export interface SignatureChecks {
  /** Whether `check` can be called now. If not, starts to get ready. */
  isReady(): boolean;
  /**
   * Returns the result of `CryptoEngine.verify` for each event, in order. Calls are served in order as well. Rejects if
   * the thread fails; the caller then verifies these events itself.
   */
  check(events: readonly NostrEvent[]): Promise<readonly boolean[]>;
}
