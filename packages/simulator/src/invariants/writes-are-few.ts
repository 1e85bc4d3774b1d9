import { minuteMs } from '@ocmesh/shared/ambient';
import { kinds } from '@ocmesh/shared/wire';
import type { Invariant } from './invariant.ts';

/** 20 at once, 10 a minute, and a few test events. */
const WINDOW_MS = 10 * minuteMs;
const MOST = 20 + 10 * 10 + 10;

export const writesAreFew: Invariant = {
  name: 'the write budget of each relay is kept',
  begin(world, violate) {
    const writes = new Map<string, number[]>();
    world.wire.onWritten(({ machine, url, atMs, event }) => {
      // Presences have their own pace.
      if (event.kind !== kinds.encryptedDm && event.kind !== kinds.giftWrap) return;
      const run = world.machines.get(machine)?.running()?.run;
      if (run === undefined) return;
      const key = `${machine}, run ${run}, ${url}`;
      const times = (writes.get(key) ?? []).filter((at) => at > atMs - WINDOW_MS);
      writes.set(key, times);
      if (times.push(atMs) === MOST + 1) violate(`${key}: more than ${MOST} events in ten minutes`);
    });
  },
};
