import type { Clock, MonotonicMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { dialectOf } from '@ocmesh/shared/wire';
import type { Store } from '../ports/store.ts';
import type { RelayTests } from '../relays/relay-tests.ts';
import type { Entries } from './entries.ts';
import type { Entry } from './entry.ts';
import type { Queueing } from './queueing.ts';
import { createReceiptWatch, type ReceiptWatch } from './receipt-watch.ts';
import { createTestWatch, type TestWatch } from './test-watch.ts';
import type { AwaitBounds } from './waits.ts';

/** Watches what relays accepted, until the peer's receipt or a test of a relay shows that it is not lost. */
export interface Watches
  extends Pick<ReceiptWatch, 'onConnected' | 'onStanding' | 'onShown' | 'nextRepeatAtMs' | 'stop'>,
    Pick<TestWatch, 'onTested'> {
  /**
   * Takes an entry that a relay accepted, if it awaits anything.
   * @param publishedAt when that was, if in an earlier run of the daemon
   */
  add(entry: Entry, publishedAt?: MonotonicMs): void;
  remove(entry: Entry): void;
  /** The peer confirmed this entry. */
  onConfirmed(entry: Entry): void;
}

export function createWatches(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly isOnline: (peer: Pubkey) => boolean;
  readonly relayTests: Pick<RelayTests, 'drops' | 'passedAt' | 'onProof'>;
  readonly bounds: AwaitBounds;
  readonly entries: Entries;
  readonly queueing: Queueing;
  /** The peers are online, but have not confirmed these entries. */
  readonly onSilent: (entries: readonly Entry[]) => void;
  readonly onStoreFailure: (error: unknown) => void;
}): Watches {
  const { store, entries, queueing, onStoreFailure } = deps;
  const release = (released: readonly Entry[]): void => void entries.release(released).catch(onStoreFailure);
  const receiptWatch = createReceiptWatch({
    ...deps,
    repeat: queueing.repeat,
    askNew: queueing.queue,
    release: (entry) => release([entry]),
  });
  const testWatch = createTestWatch({ ...deps, isWrapped, onRevoked: queueing.takeBack, release });

  function isWrapped({ peer }: Entry): boolean {
    const receiver = store.peek((tables) => tables.peers.get(peer));
    return receiver !== null && dialectOf(receiver).codec === 'nip17';
  }

  return {
    ...receiptWatch,
    onTested: testWatch.onTested,
    add(entry, publishedAt) {
      if (entry.awaitsReceipt) receiptWatch.add(entry, publishedAt);
      if (entry.awaitsTest) testWatch.add(entry);
    },
    remove(entry) {
      receiptWatch.remove(entry);
      testWatch.remove(entry);
    },
    onConfirmed(entry) {
      receiptWatch.onConfirmed(entry);
      testWatch.onConfirmed(entry);
    },
  };
}
