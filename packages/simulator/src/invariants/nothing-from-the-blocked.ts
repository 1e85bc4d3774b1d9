import type { Invariant } from './invariant.ts';
import { storedOn, upright } from './messages.ts';

export const nothingFromTheBlocked: Invariant = {
  name: 'nothing arrives from a blocked key, nor costs a signature check',
  *check(world) {
    for (const machine of upright(world)) {
      const { checkedBlocked } = machine.record;
      if (checkedBlocked > 0)
        yield `${machine.name} checked ${checkedBlocked} signatures of a key that it blocks`;
      for (const [peer, lastArrival] of machine.record.blocked)
        for (const { content, arrival } of storedOn(machine, 'in', 'arrival', peer))
          if (arrival > lastArrival) yield `${machine.name} took “${content}” from a peer that it blocks`;
    }
  },
};
