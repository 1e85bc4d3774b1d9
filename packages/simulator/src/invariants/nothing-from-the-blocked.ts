import type { Invariant } from './invariant.ts';
import { storedOn, upright } from './messages.ts';

export const nothingFromTheBlocked: Invariant = {
  name: 'nothing arrives from a blocked key',
  *check(world) {
    for (const machine of upright(world))
      for (const [peer, lastArrival] of machine.record.blocked)
        for (const { content, arrival } of storedOn(machine, 'in', 'arrival', peer))
          if (arrival > lastArrival) yield `${machine.name} took “${content}” from a peer that it blocks`;
  },
};
