import type { NostrEvent } from '@ocmesh/shared/wire';

/** Checks signatures beside the event loop. */
export interface SignatureChecks {
  /** Whether it can do it now. Where it has to get ready first, it begins to. */
  isReady(): boolean;
  /**
   * One answer for each event, as `CryptoEngine.verify` gives it, in the order of the calls. Rejects where it cannot: the
   * caller checks these itself.
   */
  check(events: readonly NostrEvent[]): Promise<readonly boolean[]>;
}
