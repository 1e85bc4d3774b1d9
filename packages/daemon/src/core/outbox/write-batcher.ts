import type { Clock } from '@ocmesh/shared/ambient';
import type { DomainEvent } from '../model/domain-events.ts';
import type { Store, Tables } from '../ports/store.ts';

export type GatherBounds = { readonly answersGatherMs: number };

type Change = (tables: Tables) => readonly DomainEvent[];

/** Changes that may come to disk a moment later: a crash in between makes us ask again, and loses nothing. */
export interface WriteBatcher {
  /** Resolves when the change is on disk and told. Rejects when the store refuses it and what was gathered with it. */
  add(change: Change): Promise<void>;
  /** What waits is written at once, and so is all that comes from now on. */
  hurry(): void;
}

/** Several relays take each message: what they say within a moment is one write to the disk, not one each. */
export function createWriteBatcher(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly emit: (events: readonly DomainEvent[]) => void;
  readonly bounds: GatherBounds;
}): WriteBatcher {
  const { store, clock, emit, bounds } = deps;
  let changes: Change[] = [];
  let next: Promise<void> | null = null;
  let endPause = (): void => {};
  let isOver = false;

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(bounds.answersGatherMs, resolve);
      endPause = () => {
        cancel();
        resolve();
      };
    });
  }

  async function write(): Promise<void> {
    const gathered = changes;
    changes = [];
    next = null;
    emit(await store.transaction((tables) => gathered.flatMap((change) => change(tables))));
  }

  return {
    add(change) {
      changes.push(change);
      next ??= (isOver ? Promise.resolve() : pause()).then(write);
      return next;
    },
    hurry() {
      isOver = true;
      endPause();
    },
  };
}
