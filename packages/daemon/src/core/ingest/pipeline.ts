import { type Cancel, type Clock, type Log, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import { limits, type Pubkey } from '@ocmesh/shared/contract';
import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import type { DomainEvent } from '../model/domain-events.ts';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import type { Store, Tables } from '../ports/store.ts';
import { isSealed, passGate } from './gate.ts';
import { Deferred, type Refusal, type RefusalCounters } from './verdict.ts';

/** Where an event came from and when. */
export interface Source {
  readonly url: string;
  readonly receivedAtMs: UnixMs;
}

/**
 * A verified event that its handler understood and can carry out.
 * `sortSec` is when its sender says it was written; `sortSeq` orders events of the same second, where it numbered them.
 */
interface Opened {
  readonly sortSec: number;
  readonly sortSeq: number;
  /** Runs inside the transaction that also remembers the event. */
  apply(tables: Tables, source: Source): readonly DomainEvent[];
}

export interface EventHandler {
  /** Without cryptography: is the event older than what we know already? */
  isStale?(event: NostrEvent, tables: Tables): boolean;
  /** Reads a verified event. Pure. */
  open(event: NostrEvent, nowMs: UnixMs): Opened | { refusal: Refusal };
  /** Whether the event's id is kept, so that it never has an effect again. */
  readonly remember: boolean;
}

export interface Pipeline {
  /** Takes an event as a relay sent it; returns at once. */
  ingest(raw: unknown, url: string): void;
  /** Takes a batch of stored events and applies it in the senders' order. Resolves when all of it is on disk. */
  ingestStored(raws: readonly unknown[], url: string): Promise<void>;
  /** Drops what waits: nothing of it is remembered, so the next start fetches it again. */
  stop(): void;
}

interface Deps {
  readonly self: Pubkey;
  readonly engine: CryptoEngine;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: RefusalCounters;
  readonly isBlocked: (pubkey: Pubkey) => boolean;
  readonly handlers: Readonly<Record<'presence' | 'dm' | 'relayList', EventHandler>>;
  readonly notify: (events: readonly DomainEvent[]) => void;
  /** An event of this relay was neither stored nor remembered: it has to be asked for again. */
  readonly onDeferred: (url: string) => void;
  /** This relay sent an event with a signature that is none. */
  readonly onForged: (url: string) => void;
}

interface Job {
  readonly event: NostrEvent;
  readonly url: string;
  /** Collects instead of applying. */
  readonly collect?: (examined: Examined | null) => void;
}

/** Stored events that are applied in one transaction. */
const STORED_AT_ONCE = 50;

interface Examined {
  readonly event: NostrEvent;
  readonly opened: Opened;
  readonly handler: EventHandler;
}

interface Applicable extends Examined {
  readonly url: string;
}

/**
 * gate → known? → verify → open → one transaction {effect, id} → notify.
 * Nothing is remembered before it is verified, nothing is told before it is on disk; every other exit is counted.
 */
export function createPipeline(deps: Deps): Pipeline {
  const { self, engine, store, clock, log, counters } = deps;
  const queue: Job[] = [];
  let queuedBytes = 0;
  /** What this turn of the event loop may still do. */
  let left: number = limits.verificationsPerTurn;
  let cancelTurn: Cancel | null = null;
  let stopped = false;

  /** The cheap checks come before the queue: nothing oversized waits in it. */
  function admit(raw: unknown): NostrEvent | null {
    counters.countEvent();
    const gate = passGate(raw, self, toUnixSec(clock.now()));
    if ('refusal' in gate) return refuse(gate.refusal);
    return deps.isBlocked(gate.event.pubkey) ? refuse('blocked') : gate.event;
  }

  function enqueue(job: Job): void {
    queue.push(job);
    queuedBytes += sizeOf(job.event);
    work();
  }

  function refuse(reason: Refusal): null {
    counters.count(reason);
    return null;
  }

  /** A few at a time: a flood may fill the queue but not hold up the rest of the process. */
  function work(): void {
    const examined: Applicable[] = [];
    for (; left > 0 && queue.length > 0; left--) {
      const job = queue.shift() as Job;
      queuedBytes -= sizeOf(job.event);
      const one = examine(job.event, job.url);
      if (job.collect) job.collect(one);
      else if (one) examined.push({ ...one, url: job.url });
    }
    if (examined.length > 0) void applyAll(examined);
    cancelTurn ??= clock.after(0, nextTurn);
  }

  function nextTurn(): void {
    cancelTurn = null;
    left = limits.verificationsPerTurn;
    if (queue.length > 0) work();
  }

  function examine(event: NostrEvent, url: string): Examined | null {
    const nowMs = clock.now();
    const handler = deps.handlers[handlerOf(event)];
    const known = store.peek((tables) =>
      handler.isStale?.(event, tables) ? 'stale' : isSeen(tables, event, handler) ? 'duplicate' : null,
    );
    if (known) return refuse(known);
    if (!engine.verify(event)) {
      deps.onForged(url);
      return refuse('bad_signature');
    }
    const opened = handler.open(event, nowMs);
    if (!('refusal' in opened)) return { event, opened, handler };
    if (handler.remember) {
      // Authentic but useless for ever: it shall cost one decryption, not one for each relay and each restart.
      store.transaction((tables) => tables.seen.add(event.id, nowMs)).catch(reportLost);
    }
    return refuse(opened.refusal);
  }

  /** In one transaction, which costs as much as an event; where that fails, each for itself. */
  async function applyAll(all: readonly Applicable[]): Promise<void> {
    try {
      deps.notify(await store.transaction((tables) => all.flatMap((one) => effectOf(tables, one))));
    } catch (error) {
      if (all.length > 1) {
        for (const one of all) await applyAll([one]);
        return;
      }
      if (error instanceof Deferred) counters.count(error.reason);
      else reportLost(error);
      for (const { url } of all) deps.onDeferred(url);
    }
  }

  function effectOf(tables: Tables, { event, opened, handler, url }: Applicable): readonly DomainEvent[] {
    // Another relay's copy may have been applied between our look and now.
    if (isSeen(tables, event, handler)) return [];
    const receivedAtMs = clock.now();
    if (handler.remember) tables.seen.add(event.id, receivedAtMs);
    return opened.apply(tables, { url, receivedAtMs });
  }

  /** Nothing was remembered, so the next catch-up brings the event again. */
  function reportLost(error: unknown): void {
    log.error('an event from a relay could not be stored', { reason: String(error) });
  }

  return {
    ingest(raw, url) {
      if (stopped) return;
      const event = admit(raw);
      if (!event) return;
      if (queue.length < limits.ingestQueue && queuedBytes < limits.ingestQueueBytes) {
        return enqueue({ event, url });
      }
      counters.count('overloaded');
      deps.onDeferred(url);
    },

    async ingestStored(raws, url) {
      if (stopped) return;
      const examined = await Promise.all(
        raws.flatMap((raw) => {
          const event = admit(raw);
          return event ? [new Promise<Examined | null>((collect) => enqueue({ event, url, collect }))] : [];
        }),
      );
      const inOrder = examined.filter((one) => one !== null).sort(bySenderOrder);
      for (let from = 0; from < inOrder.length; from += STORED_AT_ONCE) {
        await applyAll(inOrder.slice(from, from + STORED_AT_ONCE).map((one) => ({ ...one, url })));
      }
    },

    stop() {
      stopped = true;
      cancelTurn?.();
      queue.length = 0;
      queuedBytes = 0;
    },
  };
}

const handlerOf = (event: NostrEvent): keyof Deps['handlers'] => {
  if (isSealed(event)) return 'dm';
  return event.kind === kinds.relayList || event.kind === kinds.dmRelayList ? 'relayList' : 'presence';
};

const isSeen = (tables: Tables, event: NostrEvent, handler: EventHandler): boolean =>
  handler.remember && tables.seen.has(event.id);

/** Characters that it holds, roughly: what counts is that nothing large is free. */
const sizeOf = ({ content, tags }: NostrEvent): number =>
  tags.reduce((sum, tag) => tag.reduce((total, part) => total + part.length, sum), content.length + 300);

const bySenderOrder = (a: Examined, b: Examined): number =>
  a.opened.sortSec - b.opened.sortSec ||
  a.opened.sortSeq - b.opened.sortSeq ||
  (a.event.id < b.event.id ? -1 : 1);
