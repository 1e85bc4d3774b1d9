import type { Store } from '../ports/store.ts';
import type { Entries } from './entries.ts';
import type { Entry } from './entry.ts';
import type { Lanes } from './lanes.ts';
import type { RepeatTo } from './receipt-watch.ts';
import type { Resign } from './resign-event.ts';
import type { Targets } from './targets.ts';

/** Puts entries into the lanes of the relays to be asked. */
export interface Queueing {
  /** Queues the entry for its relays without a final outcome, and drops relays that are no longer meant. */
  queue(entry: Entry): void;
  /** Asks relays that were skipped or refused us, if the entry needs them now or they accept us again. */
  takeBack(entry: Entry): void;
  takeBackAll(): void;
  /** Offers a published message again, once to each relay. */
  repeat(entry: Entry, to: RepeatTo, isNewEvent: boolean): void;
}

export function createQueueing(deps: {
  readonly store: Store;
  readonly targets: Targets;
  readonly entries: Entries;
  readonly lanes: Lanes;
  readonly resign: Resign;
  readonly ownRelays: () => readonly string[];
  readonly onStoreFailure: (error: unknown) => void;
}): Queueing {
  const { store, targets, entries, lanes, resign, onStoreFailure } = deps;

  /** Relays that are asked already, or are not to be asked now. */
  const aside = ({ pending, skipped, refusals, droppedBy, withheld }: Entry) => [
    pending,
    skipped,
    refusals,
    droppedBy,
    withheld,
  ];

  function queue(entry: Entry): void {
    const urls = targets.of(entry);
    const final = store
      .peek((tables) => tables.outbox.outcomes(entry.id))
      .flatMap((outcome) => (outcome.final ? [outcome.url] : []));
    for (const known of aside(entry)) {
      for (const url of known.keys()) if (!urls.includes(url)) known.delete(url);
    }
    const isDone = (url: string): boolean =>
      final.includes(url) || aside(entry).some((known) => known.has(url));
    lanes.queue(
      entry,
      urls.filter((url) => !isDone(url)),
    );
    if (entry.pending.size > 0 || urls.length === 0) return;
    if (entry.awaitsReceipt || entry.awaitsTest) return;
    entries
      .settle(entry)
      .then(() => takeBack(entry))
      .catch(onStoreFailure);
  }

  function takeBack(entry: Entry, open?: ReadonlySet<string>): void {
    if (entries.get(entry.id) === entry) lanes.queue(entry, targets.takeBack(entry, open));
  }

  async function repeat(entry: Entry, urls: readonly string[], isNewEvent: boolean): Promise<void> {
    const oldId = entry.id;
    const item = store.peek((tables) => tables.outbox.get(oldId));
    const mayBeNew = item !== null && (isNewEvent || resign.isMisdated(item));
    if (mayBeNew && (await resign.ifUnconfirmed(entry, item))) entries.rename(entry, oldId);
    // The receipt may have come meanwhile.
    if (entries.get(entry.id) !== entry) return;
    const own = deps.ownRelays();
    lanes.queue(
      entry,
      // One of ours that is closed gets the message when it reconnects; one of the peer is connected for it.
      urls.filter((url) => !entry.pending.has(url) && (targets.isOpen(url) || !own.includes(url))),
    );
  }

  return {
    queue,
    takeBack,
    takeBackAll() {
      const open = targets.openRelays();
      for (const entry of entries.all()) takeBack(entry, open);
    },
    repeat(entry, to, isNewEvent) {
      repeat(entry, to === 'all' ? targets.of(entry) : to, isNewEvent).catch(onStoreFailure);
    },
  };
}
