import type { Invariant } from './invariant.ts';

/** Automatic messages in a row, over any number of agents. */
const MOST_HOPS = 500;

export const loopsEnd: Invariant = {
  name: 'replies that never end are paused',
  begin(world, violate) {
    world.wire.onWritten(({ machine, payload }) => {
      if (!world.machines.has(machine)) return;
      if (payload?.kind === 'chat' && payload.hops > MOST_HOPS)
        violate(`${machine} sent “${payload.content}” as number ${payload.hops} in a row`);
    });
  },
};
