import type { Invariant } from './invariant.ts';
import { storedOn, upright } from './messages.ts';

export const cursorsSkipNothing: Invariant = {
  name: 'an agent that follows its cursor sees every message',
  *atEnd(world) {
    for (const machine of upright(world)) {
      const shown = new Set(machine.record.shown.map(({ id }) => id));
      for (const { id, content } of storedOn(machine, 'in'))
        if (!shown.has(id)) yield `${machine.name} has “${content}”, which its agent was never shown`;
    }
  },
};
