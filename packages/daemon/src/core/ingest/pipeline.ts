import { type Cancel, type Clock, type Log, toUnixSec } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import type { DomainEvent } from '../model/domain-events.ts';
import { Deferred, type Refusal } from '../model/verdict.ts';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import type { SignatureChecks } from '../ports/signature-checks.ts';
import type { Store, Tables } from '../ports/store.ts';
import type { Correspondents } from '../trust/correspondents.ts';
import type { VerificationRates } from '../trust/verification-rates.ts';
import { createFairQueue } from './fair-queue.ts';
import { isSealed, passGate } from './gate.ts';
import { type Candidate, createInspector, type EventHandlers, type Inspected } from './inspect.ts';
import { ingestLimits } from './limits.ts';
import type { RefusalCounters } from './refusal-counters.ts';
import { createThreadVerifier } from './verify-in-thread.ts';

export interface Pipeline {
  /** Takes an event as a relay sent it; returns at once. */
  ingest(raw: unknown, url: string): void;
  /** Takes a batch of stored events and applies it in the senders' order. Resolves when all of it is on disk. */
  ingestBackfill(raws: readonly unknown[], url: string): Promise<void>;
  /** Drops what waits: nothing of it is remembered, so the next start fetches it again. */
  stop(): void;
}

interface Deps {
  readonly self: Pubkey;
  readonly engine: CryptoEngine;
  /** Where there is none, all is checked here. */
  readonly signatureChecks?: SignatureChecks | undefined;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: RefusalCounters;
  readonly rates: VerificationRates;
  readonly correspondents: Correspondents;
  readonly isBlocked: (pubkey: Pubkey) => boolean;
  readonly handlers: EventHandlers;
  readonly emit: (events: readonly DomainEvent[]) => void;
  /** Something of this relay that was meant for us was neither stored nor remembered: it has to be asked for again. */
  readonly onDeferred: (url: string, createdAtSec: number) => void;
  /** This relay sent an event with a signature that is none. */
  readonly onForged: (url: string) => void;
}

interface Job extends Candidate {
  /** Collects instead of applying. */
  readonly collect?: (examined: Inspected | null) => void;
}

/** Stored events that are applied in one transaction. */
const STORED_AT_ONCE = 50;
/** Looks into the store that take about as long as a signature check. */
const LOOKS_PER_CHECK = 16;
const EFFORT_PER_TURN = ingestLimits.verificationsPerTurn * LOOKS_PER_CHECK;

interface Applicable extends Inspected {
  readonly url: string;
  readonly isBackfill: boolean;
}

/**
 * gate → known? → over its rate? → verify → open → one transaction {effect, id} → emit.
 * Nothing is remembered before it is verified, nothing is told before it is on disk; every other exit is counted.
 */
export function createPipeline(deps: Deps): Pipeline {
  const { self, engine, store, clock, log, counters, rates, correspondents } = deps;
  /** Of contacts and whoever our agent wrote to: before all else. */
  const reserved = createFairQueue<Job>();
  /** By relay, and by whether it is meant for us: each waits behind its own kind only. */
  const live = createFairQueue<Job>();
  const stored = createFairQueue<Job>();
  let isStoredsTurn = false;
  const examination = createInspector({ ...deps, onLost: reportLost });
  const beside = createThreadVerifier<Job>({ engine, checks: deps.signatureChecks, clock, onChecked });
  /** What this turn of the event loop may still do. */
  let effort = EFFORT_PER_TURN;
  let cancelTurn: Cancel | null = null;
  let stopped = false;

  /** The cheap checks come before the queue: nothing oversized waits in it. */
  function admit(raw: unknown): NostrEvent | null {
    counters.countEvent();
    const gate = passGate(raw, self, toUnixSec(clock.now()));
    const event = 'refusal' in gate ? null : gate.event;
    if (event && !deps.isBlocked(event.pubkey)) return event;
    counters.count('refusal' in gate ? gate.refusal : 'blocked');
    return null;
  }

  function refuse(reason: Refusal, { event, url }: Pick<Job, 'event' | 'url'>): null {
    counters.count(reason);
    const comesAgain = reason === 'rate_limited' || reason === 'overloaded';
    if (comesAgain && isSealed(event)) deps.onDeferred(url, event.created_at);
    return null;
  }

  function enqueue(event: NostrEvent, url: string): void {
    // A gift wrap shows nobody's key but a made-up one.
    const isReserved = correspondents.has(event.pubkey) && rates.takeReserved(url);
    const job: Job = { event, url, isBackfill: false, isReserved };
    const queue = isReserved ? reserved : live;
    queue.push(`${isSealed(event) ? 'sealed' : 'public'} ${url}`, job, sizeOf(event));
    while (
      reserved.count() + live.count() > ingestLimits.queuedEvents ||
      reserved.bytes() + live.bytes() > ingestLimits.queuedBytes
    ) {
      const full = live.count() > 0 ? live : reserved;
      const last = full.pop(full.longest() ?? '');
      if (last) refuse('overloaded', last);
    }
  }

  function next(): Job | undefined {
    isStoredsTurn = !isStoredsTurn;
    const [first, second] = isStoredsTurn ? [stored, live] : [live, stored];
    return reserved.shift() ?? first.shift() ?? second.shift();
  }

  const waiting = (): number => reserved.count() + live.count() + stored.count();

  /** A few at a time: a flood may fill the queue but not hold up the rest of the process. */
  function work(): void {
    const examined: Applicable[] = [];
    for (;;) {
      // Asked before all else: who gets ready does so while this turn goes on.
      const isBesideDue = beside.isDue(waiting());
      const room = beside.room();
      const job = effort > 0 && room ? next() : undefined;
      if (!job) break;
      effort--;
      const refusal = examination.look(job);
      if (refusal) settle(job, refusal);
      else if (isBesideDue && room === 'beside') beside.add(job);
      else {
        effort -= LOOKS_PER_CHECK;
        const isAuthentic = engine.verify(job.event);
        if (isBesideDue) beside.addChecked(job, isAuthentic);
        else examined.push(...settle(job, examination.open(job, isAuthentic)));
      }
    }
    if (examined.length > 0) void applyAll(examined);
    cancelTurn ??= clock.after(0, nextTurn);
  }

  function nextTurn(): void {
    cancelTurn = null;
    effort = EFFORT_PER_TURN;
    beside.flush();
    // Where there is no room, the answers go on.
    if (waiting() > 0 && beside.room()) work();
  }

  function onChecked(jobs: readonly Job[], answers: readonly boolean[]): void {
    if (stopped) return;
    const examined = jobs.flatMap((job, n) => settle(job, examination.open(job, answers[n] === true)));
    if (examined.length > 0) void applyAll(examined);
    work();
  }

  /** @returns what is to be applied now */
  function settle(job: Job, result: Inspected | Refusal): Applicable[] {
    const one = typeof result === 'string' ? refuse(result, job) : result;
    job.collect?.(one);
    return one && !job.collect ? [{ ...one, url: job.url, isBackfill: false }] : [];
  }

  /** In one transaction, which costs as much as an event; where that fails, each for itself. */
  async function applyAll(all: readonly Applicable[]): Promise<void> {
    try {
      deps.emit(await store.transaction((tables) => all.flatMap((one) => effectOf(tables, one))));
    } catch (error) {
      if (all.length > 1) {
        for (const one of all) await applyAll([one]);
        return;
      }
      if (error instanceof Deferred) counters.count(error.reason);
      else reportLost(error);
      for (const { url, event } of all) deps.onDeferred(url, event.created_at);
    }
  }

  function effectOf(tables: Tables, one: Applicable): readonly DomainEvent[] {
    const { event, opened, handler, url, isBackfill } = one;
    // Another relay's copy may have been applied between our look and now.
    if (examination.isSeen(tables, one)) return [];
    const receivedAtMs = clock.now();
    const effect = opened.apply(tables, { url, receivedAtMs, isBackfill });
    if ('refusal' in effect) {
      refuse(effect.refusal, one);
      if (effect.isFinal) examination.drop(event.id);
      return [];
    }
    if (handler.remember) tables.seen.add(event.id, receivedAtMs);
    return effect;
  }

  /** Nothing was remembered, so the next catch-up brings the event again. */
  function reportLost(error: unknown): void {
    log.error('an event from a relay could not be stored', { reason: String(error) });
  }

  return {
    ingest(raw, url) {
      const event = stopped ? null : admit(raw);
      if (!event) return;
      enqueue(event, url);
      work();
    },

    async ingestBackfill(raws, url) {
      if (stopped) return;
      const examined = await Promise.all(
        raws.flatMap((raw) => {
          const event = admit(raw);
          if (!event) return [];
          return new Promise<Inspected | null>((collect) => {
            stored.push(url, { event, url, isBackfill: true, isReserved: false, collect }, 0);
            work();
          });
        }),
      );
      const inOrder = examined.filter((one) => one !== null).sort(bySenderOrder);
      for (let from = 0; from < inOrder.length; from += STORED_AT_ONCE) {
        const batch = inOrder.slice(from, from + STORED_AT_ONCE);
        await applyAll(batch.map((one) => ({ ...one, url, isBackfill: true })));
      }
    },

    stop() {
      stopped = true;
      cancelTurn?.();
      for (const queue of [reserved, live, stored]) queue.clear();
    },
  };
}

/** Characters that it holds, and what an empty part takes, roughly: what counts is that nothing large is free. */
const sizeOf = ({ content, tags }: NostrEvent): number =>
  tags.reduce((sum, tag) => tag.reduce((total, part) => total + part.length + 8, sum), content.length + 300);

const bySenderOrder = (a: Inspected, b: Inspected): number =>
  a.opened.sortSec - b.opened.sortSec ||
  a.opened.sortSeq - b.opened.sortSeq ||
  (a.event.id < b.event.id ? -1 : 1);
