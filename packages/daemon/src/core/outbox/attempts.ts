import type { Clock, UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OutboxItem } from '../model/outbox.ts';
import type { PublishOutcome, RelayNetwork } from '../ports/relay-network.ts';
import type { Store, Tables } from '../ports/store.ts';
import type { WriteBudget } from '../relays/write-budget.ts';
import { isFinal, isTaken, moveMessage, noteOutcome } from './delivery-state.ts';
import type { Entry, Next } from './lane.ts';
import type { Resign } from './resign-event.ts';
import type { WriteBatcher } from './write-batcher.ts';

type Answer = PublishOutcome & { readonly outcome: 'accepted' | 'rejected' | 'timeout' };

export interface Attempts {
  /** Offers an entry to a relay and notes what becomes of it. Rejects when the store refuses. */
  attempt(entry: Entry, url: string): Promise<Next>;
  /** Nobody is left to be asked. */
  settle(entry: Entry): Promise<void>;
  /** Gives up those whose time is over. */
  expire(): Promise<void>;
  /** Nothing more goes to this peer. What is under way may be taken yet, and ends with the relay's word. */
  withdraw(peer: Pubkey): Promise<void>;
  forget(entry: Entry): void;
}

/** What happens to an entry: from the first offer to its last word. */
export function createAttempts(deps: {
  readonly store: Store;
  readonly network: RelayNetwork;
  readonly clock: Clock;
  readonly budget: WriteBudget;
  readonly resign: Resign;
  readonly confirmedNow: () => UnixMs;
  readonly emit: (events: readonly DomainEvent[]) => void;
  /** For what relays answer. */
  readonly answers: Pick<WriteBatcher, 'add'>;
  /** By event id. */
  readonly entries: Map<string, Entry>;
  readonly ask: (entry: Entry, urls: readonly string[]) => void;
}): Attempts {
  const { store, network, clock, budget, resign, emit, entries, answers } = deps;

  const isOver = ({ expiresAtMs }: Entry): boolean => expiresAtMs <= deps.confirmedNow();

  async function attempt(entry: Entry, url: string): Promise<Next> {
    // From here to the publication nothing else may happen in between.
    while (entry.resigning) await entry.resigning;
    if (entry.inFlight === 1 && isOver(entry)) {
      await giveUp([entry]);
      return 'done';
    }
    // A crash, or a full disk, may have come between the block and the withdrawal.
    if (store.peek((tables) => tables.peers.get(entry.peer)?.trust === 'blocked')) {
      entry.pending.delete(url);
      if (entry.inFlight === 1) await giveUp([entry], 'failed');
      return 'done';
    }
    // Peeked: an entry is only offered once it is on disk.
    const { item, outcomes } = store.peek((tables) => ({
      item: tables.outbox.get(entry.id),
      outcomes: tables.outbox.outcomes(entry.id),
    }));
    if (!item) {
      forget(entry);
      return 'done';
    }
    const isElsewhere = entry.pending.size > 1 || outcomes.some(({ outcome }) => outcome === 'accepted');
    if (budget.isSpared(url) && !entry.sparesNone && isElsewhere) {
      entry.pending.delete(url);
      entry.spared.add(url);
      await settle(entry);
      return 'done';
    }
    if (outcomes.length === 0 && (await resign.ifOld(entry, item))) return rename(entry, item);
    const answer = await network.publish(url, item.event);
    budget.onOutcome(url, answer);
    const { outcome } = answer;
    if (outcome === 'offline') return 'offline';
    if (await resign.ifDateRefused(entry, item, answer)) return rename(entry, item);
    return record(entry, url, { ...answer, outcome });
  }

  function rename(entry: Entry, old: OutboxItem): Next {
    entries.delete(old.event.id);
    entries.set(entry.id, entry);
    return 'again';
  }

  /** Each answer counts when it is there: one slow relay shall not hide that another took it. */
  async function record(entry: Entry, url: string, answer: Answer): Promise<Next> {
    const final = isFinal(answer);
    const atMs = clock.now();
    await answers.add((tables) => {
      const moved = noteOutcome(tables, entry, url, answer, final, atMs);
      if (final) entry.pending.delete(url);
      return entry.pending.size > 0 ? moved : [...moved, ...conclude(tables, entry)];
    });
    if (final) askSpared(entry);
    return final ? 'done' : answer.outcome === 'timeout' ? 'silent' : 'retry';
  }

  async function settle(entry: Entry): Promise<void> {
    if (entry.pending.size > 0) return;
    emit(await store.transaction((tables) => conclude(tables, entry)));
    askSpared(entry);
  }

  /** Removes it from the disk; a message that nobody took has failed. */
  function conclude(tables: Tables, entry: Entry): DomainEvent[] {
    const taken = isTaken(tables, entry);
    if (!taken && entry.spared.size > 0) return [];
    const events = taken ? [] : moveMessage(tables, entry, 'failed', clock.now());
    tables.outbox.remove(entry.id);
    forget(entry);
    return events;
  }

  /** Better a refusal that was asked for than a message that was never offered. */
  function askSpared(entry: Entry): void {
    if (entry.pending.size > 0 || !entries.has(entry.id)) return;
    entry.sparesNone = true;
    const urls = [...entry.spared];
    entry.spared.clear();
    deps.ask(entry, urls);
  }

  function forget(entry: Entry): void {
    entry.pending.clear();
    entries.delete(entry.id);
  }

  async function giveUp(over: readonly Entry[], state: 'expired' | 'failed' = 'expired'): Promise<void> {
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

  return {
    attempt,
    settle,
    // What is under way may be taken yet: it is looked at again.
    expire: () => giveUp([...entries.values()].filter((entry) => entry.inFlight === 0 && isOver(entry))),
    withdraw: (peer) =>
      giveUp(
        [...entries.values()].filter((entry) => entry.inFlight === 0 && entry.peer === peer),
        'failed',
      ),
    forget,
  };
}
