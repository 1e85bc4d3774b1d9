import type { Clock } from '@ocmesh/shared/ambient';
import { pageLimits } from './limits.ts';
import { createRefresher } from './refresher.ts';

export interface Touched {
  /** Fetches this record again, soon. */
  touch(key: string): void;
  stop(): void;
}

/** Fetches records that may have changed: a few one by one, many of them as a whole list. */
export function createTouched(
  clock: Pick<Clock, 'after'>,
  fetchOne: (key: string) => Promise<void>,
  fetchAll: () => Promise<void>,
  onError: (error: unknown) => void,
): Touched {
  const keys = new Set<string>();
  const refresher = createRefresher(clock, pageLimits.gatherMs, async () => {
    const due = [...keys];
    keys.clear();
    try {
      if (due.length > pageLimits.singleFetches) await fetchAll();
      else await Promise.all(due.map(fetchOne));
    } catch (error) {
      onError(error);
    }
  });
  return {
    touch(key) {
      keys.add(key);
      refresher.request();
    },
    stop: refresher.stop,
  };
}
