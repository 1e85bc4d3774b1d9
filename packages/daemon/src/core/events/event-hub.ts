import { type Random, toHex } from '@ocmesh/shared/ambient';
import { type EventType, eventTypes, type Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';

const EPOCH_BYTES = 4;

/** An event that `GET /events` shows. */
type PublicEvent = Extract<DomainEvent, { type: EventType }>;
/** An event as it is kept: a peer by its key only, because it is shown as it is by then. */
export type KeptEvent =
  | Exclude<PublicEvent, { type: 'peer.discovered' }>
  | { readonly type: 'peer.discovered'; readonly pubkey: Pubkey };

const isPublic = (event: DomainEvent): event is PublicEvent =>
  (eventTypes as readonly string[]).includes(event.type);

/** Why a reader cannot continue where it was. */
type Gap = 'restarted' | 'too_old' | 'unknown_id';

type Next =
  | { readonly id: string; readonly event: KeptEvent }
  /** The id is that of the newest event, from which the reader may continue. */
  | { readonly id: string; readonly gap: Gap };

export interface EventHub {
  /** Numbers the event, keeps it for a while and wakes the readers. Internal events are ignored. */
  publish(event: DomainEvent): void;
  /** Returns the id from which a reader gets new events only. */
  position(): string;
  /** Returns the event after this id; null if there is none yet. */
  next(id: string): Next | null;
  /** Calls `wake` after each new event. @returns a function that ends it */
  subscribe(wake: () => void): () => void;
}

/**
 * Numbers the events of this run of the daemon as `<epoch>:<number>`. Keeps the last ones in memory, so that a reader
 * misses none by reconnecting. A restart changes the epoch, because earlier events are forgotten.
 */
export function createEventHub(
  deps: { readonly random: Random },
  options: { readonly kept: number },
): EventHub {
  const epoch = toHex(deps.random.bytes(EPOCH_BYTES));
  const kept: KeptEvent[] = [];
  /** Number of the newest event. */
  let newest = 0;
  const readers = new Set<() => void>();

  const idOf = (number: number): string => `${epoch}:${number}`;

  return {
    publish(event) {
      if (!isPublic(event)) return;
      kept.push(event.type === 'peer.discovered' ? { type: event.type, pubkey: event.peer.pubkey } : event);
      newest++;
      if (kept.length > options.kept) kept.shift();
      for (const wake of [...readers]) wake();
    },

    position: () => idOf(newest),

    next(id) {
      const [, givenEpoch, digits = ''] = /^([0-9a-f]+):(0|[1-9][0-9]{0,14})$/.exec(id) ?? [];
      const number = Number(digits);
      const gap = (reason: Gap): Next => ({ id: idOf(newest), gap: reason });
      if (givenEpoch === undefined) return gap('unknown_id');
      if (givenEpoch !== epoch) return gap('restarted');
      if (number > newest) return gap('unknown_id');
      const missing = newest - number;
      if (missing > kept.length) return gap('too_old');
      const event = kept[kept.length - missing];
      return event ? { id: idOf(number + 1), event } : null;
    },

    subscribe(wake) {
      readers.add(wake);
      return () => readers.delete(wake);
    },
  };
}
