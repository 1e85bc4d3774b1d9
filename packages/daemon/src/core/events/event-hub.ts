import { type Random, toHex } from '@ocmesh/shared/ambient';
import { type EventType, eventTypes, type Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';

const EPOCH_BYTES = 4;

type Told = Extract<DomainEvent, { type: EventType }>;
/** What is kept of an event: who or what it is about, not what was known of them. */
export type KeptEvent =
  | Exclude<Told, { type: 'peer.discovered' }>
  | { readonly type: 'peer.discovered'; readonly pubkey: Pubkey };

const isTold = (event: DomainEvent): event is Told => (eventTypes as readonly string[]).includes(event.type);

/** Why a reader cannot go on where it was. */
type Gap = 'restarted' | 'too_old' | 'unknown_id';

type Next =
  | { readonly id: string; readonly event: KeptEvent }
  /** The id is that of the newest event, from which the reader may go on. */
  | { readonly id: string; readonly gap: Gap };

export interface EventHub {
  /** Numbers the event, keeps it for a while and wakes the readers. Events that only matter inside are left out. */
  publish(event: DomainEvent): void;
  /** Where a reader starts that wants only what is new. */
  position(): string;
  /** What comes after this id; null when nothing has yet. */
  next(id: string): Next | null;
  /** Calls back whenever there is more. */
  subscribe(wake: () => void): () => void;
}

/**
 * The events of this run of the daemon, as `<epoch>:<number>`; the last ones are kept in memory, so that a reader whose
 * connection broke misses none. After a restart the epoch is another one, since what was told before is forgotten.
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
      if (!isTold(event)) return;
      kept.push(event.type === 'peer.discovered' ? { type: event.type, pubkey: event.peer.pubkey } : event);
      newest++;
      if (kept.length > options.kept) kept.shift();
      for (const wake of [...readers]) wake();
    },

    position: () => idOf(newest),

    next(id) {
      const [, itsEpoch, digits = ''] = /^([0-9a-f]+):(0|[1-9][0-9]{0,14})$/.exec(id) ?? [];
      const number = Number(digits);
      const gap = (reason: Gap): Next => ({ id: idOf(newest), gap: reason });
      if (itsEpoch === undefined) return gap('unknown_id');
      if (itsEpoch !== epoch) return gap('restarted');
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
