import type { Cancel, Clock, Log, MonotonicMs, UnixMs } from '@ocmesh/shared/ambient';
import { storeLimits } from '../limits.ts';

const SLOW_MS = storeLimits.slowSeconds * 1000;

/** Notices a disk that does not confirm a write in time. */
export interface SlowDisk {
  onWriteBegin(): void;
  onWriteEnd(): void;
  /** Returns since when the disk confirms nothing; null while it does. */
  current(): { readonly code: 'storage_slow'; readonly since: UnixMs } | null;
  /** Calls the listener when the disk becomes slow, unless it is cancelled before. */
  onSlow(listener: () => void): Cancel;
}

/** @param onChange called when the disk becomes slow, and when it confirms writes again */
export function createSlowDisk(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
}): SlowDisk {
  const { clock, log, onChange } = deps;
  const listeners = new Set<() => void>();
  let slow: ReturnType<SlowDisk['current']> = null;
  let begun: { readonly monotonic: MonotonicMs; readonly since: UnixMs } | null = null;
  let cancel: Cancel = () => {};

  function becomeSlow(since: UnixMs): void {
    slow = { code: 'storage_slow', since };
    log.error('the disk does not confirm a write: nothing more is stored until it does', {
      seconds: storeLimits.slowSeconds,
    });
    onChange();
    const waiting = [...listeners];
    listeners.clear();
    for (const listener of waiting) listener();
  }

  return {
    onWriteBegin() {
      const since = clock.now();
      begun = { monotonic: clock.monotonic(), since };
      cancel = clock.after(SLOW_MS, () => becomeSlow(since));
    },
    onWriteEnd() {
      cancel();
      if (!slow || !begun) return;
      slow = null;
      const seconds = Math.round((clock.monotonic() - begun.monotonic) / 1000);
      log.info('the disk confirms writes again', { seconds });
      onChange();
    },
    current: () => slow,
    onSlow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
