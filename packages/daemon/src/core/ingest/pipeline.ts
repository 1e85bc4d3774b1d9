import {
  atMostEvery,
  type Clock,
  type ConfirmedMs,
  type Log,
  minuteMs,
  toUnixSec,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { backDatedMs } from '../identity/back-dated.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { Refused } from '../model/verdict.ts';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import type { SignatureChecks } from '../ports/signature-checks.ts';
import type { Store } from '../ports/store.ts';
import type { Correspondents } from '../trust/correspondents.ts';
import type { VerificationRates } from '../trust/verification-rates.ts';
import { createApply } from './apply.ts';
import { isSealed, passGate } from './gate.ts';
import { createInspector, type EventHandlers, type Inspected } from './inspect.ts';
import { MESSAGE_LOOK_BACK_MS } from './look-back.ts';
import { createIngestQueues } from './queues.ts';
import type { RefusalCounters } from './refusal-counters.ts';
import { createScheduler } from './scheduler.ts';

export interface Pipeline {
  /** Takes an event as a relay sent it; returns at once. */
  ingest(raw: unknown, url: string): void;
  /** Takes a batch of backfill and applies it in the senders' order. Resolves when all of it is on disk. */
  ingestBackfill(raws: readonly unknown[], url: string): Promise<void>;
  /** Drops what is queued: nothing of it is remembered, so the next start fetches it again. */
  stop(): void;
}

interface Deps {
  readonly self: Pubkey;
  readonly engine: CryptoEngine;
  /** Without it, all signatures are checked in this thread. */
  readonly signatureChecks?: SignatureChecks | undefined;
  readonly store: Store;
  readonly clock: Clock;
  readonly confirmedNow: () => ConfirmedMs;
  /** The date by which those of others are judged. */
  readonly correctedNow: () => UnixMs;
  readonly log: Log;
  readonly counters: RefusalCounters;
  readonly verificationRates: VerificationRates;
  readonly correspondents: Correspondents;
  readonly isBlocked: (pubkey: Pubkey) => boolean;
  readonly handlers: EventHandlers;
  readonly emit: (events: readonly DomainEvent[]) => void;
  /** How far the relays' clocks are ahead of ours. */
  readonly relayOffsetMs: () => number;
  /** Called when an event for us was neither stored nor remembered and must be fetched again from this relay. */
  readonly onDeferred: (url: string, createdAtSec: number) => void;
  /** Called for an event by our own key: unverified, as this relay sent it. */
  readonly onOwnEvent: (raw: unknown, url: string) => void;
  /** Called when this relay sent an event with an invalid signature. */
  readonly onForged: (url: string) => void;
}

/** Events of a backfill that are applied in one transaction. */
const BACKFILL_BATCH = 50;

/**
 * gate → queue → known? → over its rate? → verify → open → one transaction {effect, id} → emit.
 * Nothing is remembered before it is verified, nothing is reported before it is on disk; every other exit is counted.
 */
export function createPipeline(deps: Deps): Pipeline {
  const { self, engine, store, clock, log, counters, isBlocked, onDeferred } = deps;
  const { correspondents, verificationRates, confirmedNow, correctedNow } = deps;
  const inspector = createInspector({
    store,
    confirmedNow,
    correctedNow,
    verificationRates,
    handlers: deps.handlers,
    onForged: deps.onForged,
    onLost,
  });
  const applyAll = createApply({
    store,
    clock,
    confirmedNow,
    inspector,
    emit: deps.emit,
    onRefused,
    onLost,
    onDeferred,
  });
  const queues = createIngestQueues({ correspondents, verificationRates, onRefused });
  const scheduler = createScheduler({
    engine,
    signatureChecks: deps.signatureChecks,
    clock,
    queues,
    inspector,
    onRefused,
    apply: (batch) => void applyAll(batch),
  });
  /** A disk that refuses events refuses all of them. */
  const isLossDue = atMostEvery(clock, minuteMs);
  let stopped = false;

  function onRefused(
    { refused, again }: Refused,
    { event, url }: { readonly event: NostrEvent; readonly url: string },
  ): void {
    counters.count(refused);
    if (again === 'later' && isSealed(event)) onDeferred(url, event.created_at);
    if (again === 'later' && event.kind === kinds.ephemeralWrap) deps.emit([{ type: 'ping.dropped' }]);
  }

  /** Nothing was remembered, so the next catch-up fetches the event again. */
  function onLost(error: unknown): void {
    if (isLossDue()) log.error('an event from a relay could not be stored', { reason: String(error) });
  }

  /** The cheap checks come before the queue: nothing oversized waits in it. */
  function admit(raw: unknown, url: string): NostrEvent | null {
    counters.countEvent();
    const verdict = passGate(raw, self, toUnixSec(correctedNow()), isBlocked);
    if ('ok' in verdict) return verdict.ok;
    counters.count(verdict.refused);
    if (verdict.refused === 'own') deps.onOwnEvent(raw, url);
    return null;
  }

  /**
   * Whether a message is too old to be new. Relays may send what they have stored with a live subscription, even if we
   * did not ask for it. By the relays' time, if that is earlier: a clock that is ahead must not make us deaf.
   */
  function isTooOld(event: NostrEvent): boolean {
    const nowMs = clock.now() + Math.min(0, deps.relayOffsetMs());
    return (
      isSealed(event) && event.created_at * 1000 < nowMs - MESSAGE_LOOK_BACK_MS - backDatedMs(event.kind)
    );
  }

  return {
    ingest(raw, url) {
      const event = stopped ? null : admit(raw, url);
      if (!event) return;
      if (isTooOld(event)) return counters.count('too_old');
      queues.push(event, url);
      scheduler.work();
    },

    async ingestBackfill(raws, url) {
      if (stopped) return;
      const inspected = await Promise.all(
        raws.flatMap((raw) => {
          const event = admit(raw, url);
          if (!event) return [];
          return new Promise<Inspected | null>((collect) => {
            queues.pushBackfill(event, url, collect);
            scheduler.work();
          });
        }),
      );
      const inOrder = inspected.filter((one) => one !== null).sort(bySenderOrder);
      for (let from = 0; from < inOrder.length; from += BACKFILL_BATCH) {
        const batch = inOrder.slice(from, from + BACKFILL_BATCH);
        await applyAll(batch.map((one) => ({ ...one, url, isBackfill: true })));
      }
    },

    stop() {
      stopped = true;
      scheduler.stop();
      queues.clear();
    },
  };
}

const bySenderOrder = (a: Inspected, b: Inspected): number =>
  a.opened.sortSec - b.opened.sortSec ||
  a.opened.sortSeq - b.opened.sortSeq ||
  (a.event.id < b.event.id ? -1 : 1);
