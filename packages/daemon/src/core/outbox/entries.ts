import type { Clock, ConfirmedMs, MonotonicMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OutboxEntry, OutboxItem } from '../model/outbox.ts';
import type { Store, Tables } from '../ports/store.ts';
import { refusesWriter } from '../relays/write-budget.ts';
import {
  type AttemptOutcome,
  isAccepted,
  moveMessage,
  recordOutcome,
  revokeAcceptance,
  startWaiting,
} from './delivery-state.ts';
import { type Entry, hasRelaysLeft, isRepeat, newEntry } from './entry.ts';
import type { WriteBatcher } from './write-batcher.ts';

/**
 * Owns the entries, and decides when one is over: the peer confirmed, time is up, or every relay gave its outcome and neither
 * a receipt nor a test is awaited. It is then removed from disk, in one transaction with the delivery state that follows
 * from it.
 * Methods that return a promise reject when the store refuses the change.
 */
export interface Entries {
  /** Adds an item that is on disk. @returns its entry; null if it is there already */
  add(item: OutboxEntry): Entry | null;
  get(eventId: string): Entry | undefined;
  all(): Entry[];
  /** Returns the number of entries with a relay to be asked for the first time. */
  countPending(): number;
  isExpired(item: OutboxItem): boolean;
  /** Returns how long ago the last relay accepted an entry that some did. */
  msSinceAccepted(entry: Entry): number;
  /** Records what a relay said; ends the entry if that was the last final outcome. */
  record(entry: Entry, url: string, outcome: AttemptOutcome): Promise<void>;
  /** Ends the entry if no relay is pending. */
  settle(entry: Entry): Promise<void>;
  /** Ends an entry that may not be sent any more. */
  giveUp(entry: Entry, state: 'expired' | 'failed'): Promise<void>;
  /** Ends entries that await nothing but a receipt or a test, and keeps their delivery state. */
  release(entries: readonly Entry[]): Promise<void>;
  /** This relay dropped what it accepted after `since`: a message that no other relay accepted is queued again. */
  revoke(url: string, since: MonotonicMs): Promise<readonly Entry[]>;
  /** Gives up expired entries without an attempt under way. */
  expire(): Promise<void>;
  /** Gives up everything for this peer without an attempt under way. */
  withdraw(peer: Pubkey): Promise<void>;
  /** Forgets an entry that is no longer on disk. */
  forget(entry: Entry): void;
  /** Files the entry under its new event id. */
  rename(entry: Entry, oldId: string): void;
  /** Undoes what memory knows but the disk does not, so that the relay is tried again. */
  restore(entry: Entry, url: string): void;
}

export function createEntries(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly batcher: Pick<WriteBatcher, 'add'>;
  /** Time that no jump of the clock moves: an expired message cannot be brought back. */
  readonly confirmedNow: () => ConfirmedMs;
  readonly emit: (events: readonly DomainEvent[]) => void;
  /** It awaits nothing any more. */
  readonly onOver: (entry: Entry) => void;
}): Entries {
  const { store, clock, batcher, emit } = deps;
  const entries = new Map<string, Entry>();
  let added = 0;

  /** Removes it from disk, unless a receipt or a test is awaited; a message that no relay accepted has failed. */
  function finish(tables: Tables, entry: Entry): DomainEvent[] {
    const isTaken = isAccepted(tables, entry);
    if (isTaken ? entry.awaitsReceipt || entry.awaitsTest : hasRelaysLeft(entry)) return [];
    const events = isTaken ? [] : moveMessage(tables, entry, 'failed', clock.now());
    tables.outbox.remove(entry.id);
    forget(entry);
    return events;
  }

  function forget(entry: Entry): void {
    entry.pending.clear();
    entries.delete(entry.id);
    deps.onOver(entry);
  }

  function note(tables: Tables, entry: Entry, url: string, outcome: AttemptOutcome): void {
    entry.asked.add(url);
    if (outcome.wantsToKnowUs) entry.withheld.add(url);
    if (outcome.outcome === 'accepted') {
      entry.acceptedBy.set(url, clock.monotonic());
      entry.refusals.delete(url);
      startWaiting(tables, entry);
    }
    if (outcome.outcome === 'dropped') entry.droppedBy.add(url);
    if (refusesWriter(outcome)) {
      const count = (entry.refusals.get(url)?.count ?? 0) + 1;
      entry.refusals.set(url, { count, at: clock.monotonic() });
    }
    if (outcome.isOver) entry.pending.delete(url);
  }

  async function settle(entry: Entry): Promise<void> {
    if (entry.pending.size > 0) return;
    emit(await store.transaction((tables) => finish(tables, entry)));
  }

  async function giveUp(over: readonly Entry[], state: 'expired' | 'failed'): Promise<void> {
    if (over.length === 0) return;
    const events = await store.transaction((tables) =>
      over.flatMap((entry) => {
        const moved = moveMessage(tables, entry, state, clock.now());
        tables.outbox.remove(entry.id);
        return moved;
      }),
    );
    over.forEach(forget);
    emit(events);
  }

  /** Returns entries without an attempt under way: an attempt may still succeed, and ends its entry itself. */
  const idle = (isMeant: (entry: Entry) => boolean): Entry[] =>
    [...entries.values()].filter((entry) => entry.inFlight === 0 && isMeant(entry));

  return {
    add(item) {
      if (entries.has(item.eventId)) return null;
      const entry = newEntry(item, ++added);
      entries.set(entry.id, entry);
      store.peek((tables) => {
        for (const { url, outcome } of tables.outbox.outcomes(entry.id)) {
          entry.asked.add(url);
          if (outcome === 'accepted') entry.acceptedBy.set(url, clock.monotonic());
        }
        if (entry.acceptedBy.size > 0) startWaiting(tables, entry);
      });
      return entry;
    },
    get: (eventId) => entries.get(eventId),
    all: () => [...entries.values()],
    countPending: () =>
      [...entries.values()].filter((entry) => [...entry.pending].some((url) => !isRepeat(entry, url))).length,
    isExpired: ({ expiresAtMs }) => expiresAtMs <= deps.confirmedNow(),
    msSinceAccepted(entry) {
      const outcomes = store.peek((tables) => tables.outbox.outcomes(entry.id));
      const times = outcomes.flatMap(({ outcome, atMs }) => (outcome === 'accepted' ? atMs : []));
      return Math.max(0, clock.now() - Math.max(...times));
    },
    record(entry, url, outcome) {
      const atMs = clock.now();
      return batcher.add((tables) => {
        const moved = recordOutcome(tables, entry, url, outcome, atMs);
        note(tables, entry, url, outcome);
        return entry.pending.size > 0 ? moved : [...moved, ...finish(tables, entry)];
      });
    },
    settle,
    giveUp: (entry, state) => giveUp([entry], state),
    async release(released) {
      for (const entry of released) {
        entry.awaitsReceipt = false;
        entry.awaitsTest = false;
        for (const url of [...entry.pending]) if (isRepeat(entry, url)) entry.pending.delete(url);
      }
      const over = released.filter(({ pending }) => pending.size === 0);
      if (over.length === 0) return;
      emit(await store.transaction((tables) => over.flatMap((entry) => finish(tables, entry))));
    },
    async revoke(url, since) {
      const revoked = [...entries.values()].filter(
        ({ acceptedBy }) => (acceptedBy.get(url) ?? since) > since,
      );
      if (revoked.length > 0) {
        emit(
          await store.transaction((tables) =>
            revoked.flatMap((entry) => revokeAcceptance(tables, entry, url, clock.now())),
          ),
        );
        for (const entry of revoked) if (entry.acceptedBy.size === 0) deps.onOver(entry);
      }
      return revoked;
    },
    expire() {
      const expired = new Set(store.peek((tables) => tables.outbox.expired(deps.confirmedNow())));
      return giveUp(
        idle(({ id }) => expired.has(id)),
        'expired',
      );
    },
    withdraw: (peer) =>
      giveUp(
        idle((entry) => entry.peer === peer),
        'failed',
      ),
    forget,
    rename(entry, oldId) {
      entries.delete(oldId);
      entries.set(entry.id, entry);
    },
    restore(entry, url) {
      entry.pending.add(url);
      entries.set(entry.id, entry);
    },
  };
}
