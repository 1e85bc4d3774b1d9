import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store, Tables } from '../ports/store.ts';
import type { RelayTests } from '../relays/relay-tests.ts';
import type { WriteBudget } from '../relays/write-budget.ts';
import { DROPS, judgeOutcome } from './delivery-state.ts';
import type { Entries } from './entries.ts';
import { type AttemptResult, type Entry, isRepeat } from './entry.ts';
import type { Resign } from './resign-event.ts';
import type { Targets } from './targets.ts';

/**
 * Whether the receiver was blocked, and a crash or a full disk came before the withdrawal; or is the owner's phone, which
 * gets nothing but what the daemon writes to its owner.
 */
const mayNotGo = (tables: Tables, { peer, purpose }: Entry): boolean =>
  tables.peers.get(peer)?.trust === 'blocked' || (purpose !== 'owner' && tables.owner.get()?.pubkey === peer);

/** Publishes an entry's event to one relay and records the outcome. Rejects when the store refuses that. */
export type Attempt = (entry: Entry, url: string) => Promise<AttemptResult>;

export function createAttempt(deps: {
  readonly store: Store;
  readonly network: RelayNetwork;
  readonly budget: WriteBudget;
  readonly resign: Resign;
  readonly entries: Entries;
  readonly targets: Pick<Targets, 'isSkipped' | 'mayIdentify'>;
  readonly relayTests: Pick<RelayTests, 'drops'>;
}): Attempt {
  const { store, network, budget, resign, entries, targets } = deps;

  return async (entry, url) => {
    // From here to the publication nothing else may happen in between.
    while (entry.resigning) await entry.resigning;
    const isOnlyAttempt = entry.inFlight === 1;
    if (store.peek((tables) => mayNotGo(tables, entry))) {
      entry.pending.delete(url);
      if (isOnlyAttempt) await entries.giveUp(entry, 'failed');
      return 'done';
    }
    // Peeked: an entry exists only once its item is on disk.
    const { item, outcomes } = store.peek((tables) => ({
      item: tables.outbox.get(entry.id),
      outcomes: tables.outbox.outcomes(entry.id),
    }));
    if (!item) {
      entries.forget(entry);
      return 'done';
    }
    if (isOnlyAttempt && entries.isExpired(item)) {
      await entries.giveUp(entry, 'expired');
      return 'done';
    }
    if (targets.isSkipped(entry, url)) {
      entry.pending.delete(url);
      entry.skipped.add(url);
      await entries.settle(entry);
      return 'done';
    }
    if (await resign.ifStale(entry, url, item, outcomes)) {
      entries.rename(entry, item.event.id);
      return 'again';
    }
    const mayIdentify = targets.mayIdentify(entry, url, item.event);
    const published = await network.publish(url, item.event, { mayIdentify });
    const { outcome } = published;
    if (outcome === 'not_connected') return 'not_connected';
    const dated = await resign.onOutcome(entry, url, item, outcomes, published);
    // A refusal of the date, whatever its prefix, is not one of the writer.
    if (dated === 'other') budget.onOutcome(url, published);
    if (dated === 'signed') {
      entries.rename(entry, item.event.id);
      return 'again';
    }
    const judged =
      dated === 'held'
        ? { ...published, outcome, isFinal: false, isOver: false }
        : judgeOutcome(
            entry,
            url,
            outcome === 'accepted' && deps.relayTests.drops(url)
              ? { outcome: 'dropped', reason: DROPS, prefix: null }
              : { ...published, outcome },
          );
    // What is repeated gets one attempt at a time.
    const wantsToKnowUs = !mayIdentify && outcome === 'rejected' && published.prefix === 'auth-required';
    const isOver = judged.isOver || wantsToKnowUs || isRepeat(entry, url);
    // Recorded at once, whatever other relays do: a slow relay must not hide that another one accepted the message.
    await entries.record(entry, url, { ...judged, isOver, wantsToKnowUs });
    if (outcome === 'timeout') return 'silent';
    return isOver ? 'done' : 'retry';
  };
}
