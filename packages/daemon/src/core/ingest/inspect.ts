import type { ConfirmedMs, UnixMs } from '@ocmesh/shared/ambient';
import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import type { DomainEvent } from '../model/domain-events.ts';
import { accept, type Refused, refuse, type Source, type Verdict } from '../model/verdict.ts';
import type { Store, Tables } from '../ports/store.ts';
import type { RateClass, VerificationRates } from '../trust/verification-rates.ts';
import { isSealed } from './gate.ts';
import { ingestLimits } from './limits.ts';

/** A verified event that its handler has read and can apply. */
interface Opened {
  /** When its sender says it was written. */
  readonly sortSec: number;
  /** Orders events of the same second, if the sender numbers them. */
  readonly sortSeq: number;
  /** Runs inside the transaction that also remembers the event. Only `inbox_full` may come after a change: it is rolled back. */
  apply(tables: Tables, source: Source): Verdict<readonly DomainEvent[]>;
}

export interface EventHandler {
  /** Decides without cryptography whether the event is worth a signature check, and whose rate that check counts against. */
  classify(event: NostrEvent, tables: Tables, from: Pick<Source, 'isBackfill'>): Verdict<RateClass>;
  /** Reads a verified event. Pure. */
  open(event: NostrEvent, nowMs: UnixMs): Verdict<Opened>;
  /** Whether the ids of applied events are kept, so that none has an effect twice. */
  readonly remember: boolean;
}

export type EventHandlers = Readonly<Record<'presence' | 'dm' | 'relayList' | 'ping', EventHandler>>;

/** An event that passed the gate and waits for its turn. */
export interface Candidate {
  readonly event: NostrEvent;
  readonly url: string;
  readonly isBackfill: boolean;
  /** Already counted against the rate that is reserved for correspondents. */
  readonly isReserved: boolean;
}

export interface Inspected {
  readonly event: NostrEvent;
  readonly opened: Opened;
  readonly handler: EventHandler;
}

export interface Inspector {
  /** Decides whether the event is worth a signature check. */
  precheck(candidate: Candidate): Verdict<RateClass>;
  /** Opens the event after its signature check. */
  open(candidate: Candidate, isAuthentic: boolean): Verdict<Inspected>;
  isSeen(tables: Tables, inspected: Pick<Inspected, 'event' | 'handler'>): boolean;
  /** Remembers a verified event that was refused, as its refusal demands. */
  rememberRefused(tables: Tables, eventId: string, refusal: Refused, atMs: ConfirmedMs): void;
}

/** Known? Over its rate? The signature check comes next; then the handler opens the event. */
export function createInspector(deps: {
  readonly store: Store;
  readonly confirmedNow: () => ConfirmedMs;
  /** The date by which those of others are judged. */
  readonly correctedNow: () => UnixMs;
  readonly verificationRates: VerificationRates;
  readonly handlers: EventHandlers;
  /** This relay sent an event with an invalid signature. */
  readonly onForged: (url: string) => void;
  /** Something could not be remembered. */
  readonly onLost: (error: unknown) => void;
}): Inspector {
  const { store, verificationRates } = deps;
  /** Ids that are remembered in memory only; the oldest go when there are too many. */
  const dropped = new Set<string>();

  const isSeen: Inspector['isSeen'] = (tables, { event, handler }) =>
    handler.remember && tables.seen.has(event.id);

  function classify({ event, isBackfill }: Candidate): Verdict<RateClass> {
    if (dropped.has(event.id)) return refuse('duplicate');
    const handler = deps.handlers[handlerOf(event)];
    return store.peek((tables) =>
      isSeen(tables, { event, handler })
        ? refuse('duplicate')
        : handler.classify(event, tables, { isBackfill }),
    );
  }

  function drop(eventId: string): void {
    dropped.add(eventId);
    if (dropped.size <= ingestLimits.droppedIds) return;
    const [oldest] = dropped;
    dropped.delete(oldest as string);
  }

  const rememberRefused: Inspector['rememberRefused'] = (tables, eventId, { remembered }, atMs) => {
    if (remembered === 'on disk') tables.seen.addIgnored(eventId, atMs);
    if (remembered === 'in memory') drop(eventId);
  };

  return {
    precheck(candidate) {
      const verdict = classify(candidate);
      if ('refused' in verdict || candidate.isReserved) return verdict;
      const rateClass = candidate.isBackfill ? rateOfBackfill(verdict.ok) : verdict.ok;
      const isWithin = rateClass === null || verificationRates.take(rateClass, candidate.url);
      return isWithin ? verdict : refuse('rate_limited');
    },
    open({ event, url }, isAuthentic) {
      if (!isAuthentic) {
        deps.onForged(url);
        return refuse('bad_signature');
      }
      const handler = deps.handlers[handlerOf(event)];
      const opened = handler.open(event, deps.correctedNow());
      if ('ok' in opened) return accept({ event, opened: opened.ok, handler });
      if (opened.remembered !== 'no') {
        const atMs = deps.confirmedNow();
        store.transaction((tables) => rememberRefused(tables, event.id, opened, atMs)).catch(deps.onLost);
      }
      return opened;
    },
    isSeen,
    rememberRefused,
  };
}

/** Backfill is not limited, as we asked for it page by page; but made-up keys cost their maker nothing. */
const rateOfBackfill = (rateClass: RateClass): RateClass | null =>
  rateClass === 'newPeer' ? 'listedPeer' : null;

const handlerOf = (event: NostrEvent): keyof EventHandlers => {
  if (isSealed(event)) return 'dm';
  if (event.kind === kinds.ephemeralWrap) return 'ping';
  return event.kind === kinds.relayList || event.kind === kinds.dmRelayList ? 'relayList' : 'presence';
};
