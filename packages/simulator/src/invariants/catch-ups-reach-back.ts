import { dayMs, minuteMs, toUnixSec } from '@ocmesh/shared/ambient';
import { limits } from '@ocmesh/shared/contract';
import type { Machine } from '../agents/machine.ts';
import { boundsOf } from '../plan/bounds.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';

/** Senders try for so long to deliver a message, and may have signed it at the beginning. */
const LOOK_BACK_MS = limits.message.days * dayMs;

export const catchUpsReachBack: Invariant = {
  name: 'a daemon that starts asks its relays for all that it may have missed',
  begin(world, violate) {
    const asked = new Set<string>();
    world.wire.onAsked(({ machine: name, url, since }) => {
      const machine = world.machines.get(name);
      const run = machine?.running()?.run;
      if (!machine || run === undefined) return;
      const key = `${name} ${run} ${url}`;
      if (asked.has(key) || hasManyIds(world, machine)) return;
      asked.add(key);
      const nowMs = machine.clock.now();
      if (since > toUnixSec(nowMs - LOOK_BACK_MS + minuteMs))
        violate(`${name} starts and asks ${url} for the last ${Math.round(nowMs / 1000) - since} s only`);
    });
  },
};

/** Whether it may remember so many ids of messages that it has to forget some. */
const hasManyIds = (world: World, { name, record }: Machine): boolean =>
  2 * record.shown.length > boundsOf[world.planOf(name)?.bounds ?? 'low'].seenIds;
