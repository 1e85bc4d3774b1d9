import type { Clock, UnixMs } from '@ocmesh/shared/ambient';
import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import type { DomainEvent } from '../model/domain-events.ts';
import type { Refusal, Refused, Source } from '../model/verdict.ts';
import type { Store, Tables } from '../ports/store.ts';
import { isRateClass, type RateClass, type VerificationRates } from '../trust/verification-rates.ts';
import { isSealed } from './gate.ts';
import { ingestLimits } from './limits.ts';

/**
 * A verified event that its handler understood and can carry out.
 * `sortSec` is when its sender says it was written; `sortSeq` orders events of the same second, where it numbered them.
 */
interface Opened {
  readonly sortSec: number;
  readonly sortSeq: number;
  /** Runs inside the transaction that also remembers the event. Refuses before it changes anything. */
  apply(tables: Tables, source: Source): readonly DomainEvent[] | Refused;
}

export interface EventHandler {
  /** Without cryptography: why the event is not worth a signature check, or what the check would be for. */
  look(event: NostrEvent, tables: Tables, from: { readonly isBackfill: boolean }): Refusal | RateClass;
  /** Reads a verified event. Pure. */
  open(event: NostrEvent, nowMs: UnixMs): Opened | { refusal: Refusal };
  /** Whether the event's id is kept, so that it never has an effect again. */
  readonly remember: boolean;
}

export type EventHandlers = Readonly<Record<'presence' | 'dm' | 'relayList', EventHandler>>;

/** What passed the gate and waits for its turn. */
export interface Candidate {
  readonly event: NostrEvent;
  readonly url: string;
  readonly isBackfill: boolean;
  /** Counted already against what is kept free for contacts and correspondents. */
  readonly isReserved: boolean;
}

export interface Inspected {
  readonly event: NostrEvent;
  readonly opened: Opened;
  readonly handler: EventHandler;
}

export interface Inspector {
  /** @returns why the event is not worth a signature check; null when it is */
  look(candidate: Candidate): Refusal | null;
  /** @returns what may be applied, or why nothing may */
  open(candidate: Candidate, isAuthentic: boolean): Inspected | Refusal;
  isSeen(tables: Tables, examined: Pick<Inspected, 'event' | 'handler'>): boolean;
  /** It was authentic and had no effect: neither will its copies, for a while. */
  drop(eventId: string): void;
}

/** known? → over its rate? … open: the signature check comes between. */
export function createInspector(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly rates: VerificationRates;
  readonly handlers: EventHandlers;
  /** This relay sent an event with a signature that is none. */
  readonly onForged: (url: string) => void;
  /** Something could not be remembered. */
  readonly onLost: (error: unknown) => void;
}): Inspector {
  const { store, clock, rates } = deps;
  /** In memory alone and not for ever, as it is others who decide how many there are. */
  const dropped = new Set<string>();

  const isSeen: Inspector['isSeen'] = (tables, { event, handler }) =>
    handler.remember && tables.seen.has(event.id);

  function classify({ event, isBackfill }: Candidate): Refusal | RateClass {
    if (dropped.has(event.id)) return 'duplicate';
    const handler = deps.handlers[handlerOf(event)];
    return store.peek((tables) =>
      isSeen(tables, { event, handler }) ? 'duplicate' : handler.look(event, tables, { isBackfill }),
    );
  }

  function look(candidate: Candidate): Refusal | null {
    const found = classify(candidate);
    if (!isRateClass(found)) return found;
    // What was stored came because we asked, page by page.
    const isFree = candidate.isReserved || candidate.isBackfill;
    return isFree || rates.take(found, candidate.url) ? null : 'rate_limited';
  }

  function open({ event, url }: Candidate, isAuthentic: boolean): Inspected | Refusal {
    if (!isAuthentic) {
      deps.onForged(url);
      return 'bad_signature';
    }
    const handler = deps.handlers[handlerOf(event)];
    const nowMs = clock.now();
    const opened = handler.open(event, nowMs);
    if (!('refusal' in opened)) return { event, opened, handler };
    if (handler.remember) {
      // Authentic but useless for ever: it shall cost one decryption, not one for each relay and each restart.
      store.transaction((tables) => tables.seen.add(event.id, nowMs)).catch(deps.onLost);
    }
    return opened.refusal;
  }

  return {
    look,
    open,
    isSeen,
    drop(eventId) {
      dropped.add(eventId);
      if (dropped.size <= ingestLimits.droppedIds) return;
      const [oldest] = dropped;
      dropped.delete(oldest as string);
    },
  };
}

const handlerOf = (event: NostrEvent): keyof EventHandlers => {
  if (isSealed(event)) return 'dm';
  return event.kind === kinds.relayList || event.kind === kinds.dmRelayList ? 'relayList' : 'presence';
};
