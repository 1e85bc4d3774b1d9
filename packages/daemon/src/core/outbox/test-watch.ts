import type { RelayTests } from '../relays/relay-tests.ts';
import type { Entries } from './entries.ts';
import type { Entry } from './entry.ts';
import { type AwaitBounds, createWaits } from './waits.ts';

/**
 * Holds what relays accepted until one of them has passed a test, and offers it again when one has failed. An OK alone proves
 * nothing, and a peer without receipts will not tell.
 */
export interface TestWatch {
  add(entry: Entry): void;
  remove(entry: Entry): void;
  /** A test of this relay ended. */
  onTested(url: string): void;
  /** The peer confirmed this entry. */
  onConfirmed(entry: Entry): void;
}

export function createTestWatch(deps: {
  readonly entries: Pick<Entries, 'revoke'>;
  readonly relayTests: Pick<RelayTests, 'drops' | 'passedAt' | 'onProof'>;
  readonly bounds: AwaitBounds;
  /** Whether the entry went out in a gift wrap. */
  readonly isWrapped: (entry: Entry) => boolean;
  /** Offers the entry to relays that it skipped as another one had accepted it. */
  readonly onRevoked: (entry: Entry) => void;
  /** Ends the wait. */
  readonly release: (entries: readonly Entry[]) => void;
  readonly onStoreFailure: (error: unknown) => void;
}): TestWatch {
  const { relayTests, release } = deps;
  const waits = createWaits<{ readonly entry: Entry }>(deps.bounds, (entry) => release([entry]));
  const waiting = (): Entry[] => waits.all().map(({ entry }) => entry);

  /** What it accepted before its last good test is not in doubt. */
  async function revoke(url: string): Promise<void> {
    const revoked = await deps.entries.revoke(url, relayTests.passedAt(url));
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
      const passedAt = relayTests.passedAt(url);
      const kept = waiting().filter(({ acceptedBy }) => (acceptedBy.get(url) ?? passedAt) < passedAt);
      kept.forEach(waits.remove);
      release(kept);
    },
    onConfirmed(entry) {
      const [url, ...others] = entry.acceptedBy.keys();
      if (url === undefined || others.length > 0 || !deps.isWrapped(entry)) return;
      const isTestAwaited = waiting().some(({ acceptedBy }) => acceptedBy.has(url));
      relayTests.onProof(url, !isTestAwaited);
    },
  };
}
