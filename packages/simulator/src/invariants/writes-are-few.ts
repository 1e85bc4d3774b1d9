import { minuteMs } from '@ocmesh/shared/ambient';
import type { Invariant } from './invariant.ts';

/** 20 at once and 10 a minute; test events are counted on their own. */
const WINDOW_MS = 10 * minuteMs;
const MOST = 20 + 10 * 10 + 10;

export const writesAreFew: Invariant = {
  name: 'the write budget of each relay is kept',
  begin(world, violate) {
    const writes = new Map<string, number[]>();
    world.wire.onWritten(({ machine, url, atMs }) => {
      const run = world.machines.get(machine)?.running()?.run;
      if (run === undefined) return;
      const key = `${machine}, run ${run}, ${url}`;
      const times = (writes.get(key) ?? []).filter((at) => at > atMs - WINDOW_MS);
      writes.set(key, times);
      if (times.push(atMs) === MOST + 1) violate(`${key}: more than ${MOST} events in ten minutes`);
    });
  },
};
