import type { Clock } from '@ocmesh/shared/ambient';
import type { DomainEvent } from '../model/domain-events.ts';
import type { Store, Tables } from '../ports/store.ts';

export type BatchBounds = { readonly okBatchMs: number; readonly okWaitMs: number };

type Change = (tables: Tables) => readonly DomainEvent[];

/** Changes that are worth a write of their own. */
const MANY = 8;

/** Gathers changes that may reach the disk a moment later: a crash before that repeats work, and loses nothing. */
export interface WriteBatcher {
  /** Resolves when the change is on disk and its events are emitted. Rejects when the store refuses the batch. */
  add(change: Change): Promise<void>;
  /** Writes what was gathered at once, and every later change without a pause. */
  flushNow(): void;
}

/**
 * Writes the OKs of several relays, which arrive within a moment of each other, in one transaction. It waits a little longer
 * for another one to be written with, such as the next message: half of a sender's writes were OKs.
 */
export function createWriteBatcher(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly emit: (events: readonly DomainEvent[]) => void;
  readonly bounds: BatchBounds;
}): WriteBatcher {
  const { store, clock, emit, bounds } = deps;
  let changes: Change[] = [];
  let next: Promise<void> | null = null;
  let endPause = (): void => {};
  let flushesAtOnce = false;

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(bounds.okBatchMs, resolve);
      endPause = () => {
        cancel();
        resolve();
      };
    });
  }

  async function write(): Promise<void> {
    const batch = changes;
    changes = [];
    next = null;
    // Many are a queue that empties: its next events wait for this write.
    const waitMs = flushesAtOnce || batch.length >= MANY ? 0 : bounds.okWaitMs;
    emit(
      await store.transaction(
        (tables) => batch.flatMap((change) => change(tables)),
        () => waitMs,
      ),
    );
  }

  return {
    add(change) {
      changes.push(change);
      next ??= (flushesAtOnce ? Promise.resolve() : pause()).then(write);
      return next;
    },
    flushNow() {
      flushesAtOnce = true;
      endPause();
      // A read ends the wait of what waits for another write.
      store.read(() => null).catch(() => {});
    },
  };
}
