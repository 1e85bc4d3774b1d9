import type { RelayTests } from '../relays/relay-tests.ts';
import type { Entries } from './entries.ts';
import type { Entry } from './entry.ts';
import { type AwaitBounds, createWaits } from './waits.ts';

/**
 * Holds what relays accepted until one of them has proved that it keeps what it accepts, and offers it again when a test
 * shows the opposite. An OK alone proves nothing, and a peer without receipts will not tell.
 */
export interface ProofWatch {
  add(entry: Entry): void;
  remove(entry: Entry): void;
  /** A test of this relay ended. */
  onTested(url: string): void;
  /** The peer confirmed this entry. */
  onConfirmed(entry: Entry): void;
}

export function createProofWatch(deps: {
  readonly entries: Pick<Entries, 'revoke'>;
  readonly relayTests: Pick<RelayTests, 'drops' | 'provenAt' | 'onProof'>;
  readonly bounds: AwaitBounds;
  /** Whether the entry went out in a gift wrap. */
  readonly isWrapped: (entry: Entry) => boolean;
  /** Offers the entry to relays that it skipped as another one had accepted it. */
  readonly onRevoked: (entry: Entry) => void;
  /** Ends the wait for proof. */
  readonly release: (entries: readonly Entry[]) => void;
  readonly onStoreFailure: (error: unknown) => void;
}): ProofWatch {
  const { relayTests, release } = deps;
  const waits = createWaits<{ readonly entry: Entry }>(deps.bounds, (entry) => release([entry]));
  const waiting = (): Entry[] => waits.all().map(({ entry }) => entry);

  /** What it accepted before its last good test is not in doubt. */
  async function revoke(url: string): Promise<void> {
    const revoked = await deps.entries.revoke(url, relayTests.provenAt(url));
    revoked.forEach(deps.onRevoked);
  }

  return {
    add(entry) {
      if (!waits.of(entry)) waits.add({ entry });
    },
    remove: waits.remove,
    onTested(url) {
      if (relayTests.drops(url)) {
        revoke(url).catch(deps.onStoreFailure);
        return;
      }
      const provenAt = relayTests.provenAt(url);
      const kept = waiting().filter(({ acceptedBy }) => (acceptedBy.get(url) ?? provenAt) < provenAt);
      kept.forEach(waits.remove);
      release(kept);
    },
    onConfirmed(entry) {
      const [url, ...others] = entry.acceptedBy.keys();
      if (url === undefined || others.length > 0 || !deps.isWrapped(entry)) return;
      // The peer may have got it live: those that wait need a test, which a receipt would put off.
      if (!waiting().some(({ acceptedBy }) => acceptedBy.has(url))) relayTests.onProof(url);
    },
  };
}
