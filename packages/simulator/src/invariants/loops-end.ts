import { payloadOf } from '../model/wire.ts';
import type { Invariant } from './invariant.ts';

/** Automatic messages in a row, over any number of agents. */
const MOST_HOPS = 500;

export const loopsEnd: Invariant = {
  name: 'replies that never end are paused',
  begin(world, violate) {
    world.wire.onWritten(({ machine, event }) => {
      const payload = world.machines.has(machine) ? payloadOf(world.engine, event) : null;
      if (payload?.kind === 'chat' && payload.hops > MOST_HOPS)
        violate(`${machine} sent “${payload.content}” as number ${payload.hops} in a row`);
    });
  },
};
