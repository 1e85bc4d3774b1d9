import type { Clock, ConfirmedMs } from '@ocmesh/shared/ambient';
import type { DomainEvent } from '../model/domain-events.ts';
import type { Refused, Source } from '../model/verdict.ts';
import type { Store, Tables } from '../ports/store.ts';
import type { Inspected, Inspector } from './inspect.ts';
import { ingestLimits } from './limits.ts';

export type Applicable = Inspected & Pick<Source, 'url' | 'isBackfill'>;

/** What only happens once: a message was stored, or the owner's phone answered. */
const storing: readonly DomainEvent['type'][] = ['message.received', 'request.waiting', 'owner.message'];

/**
 * Rolls the transaction back because of a refusal, which only a throw does. Needed for `inbox_full`: the handler may have
 * removed old messages without making enough room, and they must not be lost for nothing.
 */
class RolledBack extends Error {
  readonly refusal: Refused;
  constructor(refusal: Refused) {
    super(refusal.refused);
    this.name = 'RolledBack';
    this.refusal = refusal;
  }
}

/** Applies events in one transaction, which costs as much as for one event; if that fails, each in its own. */
export function createApply(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly confirmedNow: () => ConfirmedMs;
  readonly inspector: Inspector;
  readonly emit: (events: readonly DomainEvent[]) => void;
  readonly onRefused: (refusal: Refused, one: Applicable) => void;
  /** An event could not be stored. */
  readonly onLost: (error: unknown) => void;
  /** An event could not be stored and must be fetched again from this relay. */
  readonly onDeferred: (url: string, createdAtSec: number) => void;
}): (batch: readonly Applicable[]) => Promise<void> {
  const { store, clock, inspector, emit, onRefused } = deps;

  function applyOne(tables: Tables, one: Applicable): readonly DomainEvent[] {
    const { event, opened, handler, url, isBackfill } = one;
    // Another relay's copy may have been applied since the precheck.
    if (inspector.isSeen(tables, one)) return [];
    const storedAtMs = deps.confirmedNow();
    const verdict = opened.apply(tables, { url, receivedAtMs: clock.now(), storedAtMs, isBackfill });
    if ('ok' in verdict) {
      if (handler.remember) remember(tables, event.id, verdict.ok, one, storedAtMs);
      return verdict.ok;
    }
    if (verdict.refused === 'inbox_full') throw new RolledBack(verdict);
    onRefused(verdict, one);
    inspector.rememberRefused(tables, event.id, verdict, storedAtMs);
    return [];
  }

  /** A message is stored once. Anything else may be applied again, and a flood of it must not cost us ids of messages. */
  function remember(
    tables: Tables,
    eventId: string,
    effects: readonly DomainEvent[],
    { url }: Pick<Source, 'url'>,
    atMs: ConfirmedMs,
  ): void {
    const isStored = effects.some(({ type }) => storing.includes(type));
    if (isStored) tables.seen.add(eventId, atMs, url);
    else tables.seen.addIgnored(eventId, atMs);
  }

  /**
   * A sign of life of an online peer that says nothing new comes again. Written one by one, those of a quiet mesh of 100
   * cost a write every three seconds.
   */
  const mayWaitMs = (batch: readonly Applicable[], effects: readonly DomainEvent[]): number =>
    effects.every((event) => event.type === 'peer.seen' && event.isRepeat) &&
    batch.every(({ handler, isBackfill }) => !handler.remember && !isBackfill)
      ? ingestLimits.signOfLifeSeconds * 1000
      : 0;

  return async function applyAll(batch) {
    const apply = (tables: Tables) => batch.flatMap((one) => applyOne(tables, one));
    try {
      emit(await store.transaction(apply, (effects) => mayWaitMs(batch, effects)));
    } catch (error) {
      const [only, ...others] = batch;
      if (!only) return;
      if (others.length > 0) {
        for (const one of batch) await applyAll([one]);
      } else if (error instanceof RolledBack) {
        onRefused(error.refusal, only);
      } else {
        deps.onLost(error);
        deps.onDeferred(only.url, only.event.created_at);
      }
    }
  };
}
