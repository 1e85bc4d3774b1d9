import type { DeliveryState } from '@ocmesh/shared/contract';
import type { Invariant } from './invariant.ts';
import { storedOn, upright } from './messages.ts';

const after: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  queued: ['published', 'delivered', 'read', 'failed', 'expired'],
  // Only if the relays that accepted it turn out to drop what they accept.
  published: ['queued', 'delivered', 'read'],
  delivered: ['read'],
  read: [],
  failed: ['delivered', 'read'],
  expired: ['delivered', 'read'],
  received: [],
};

export const statesAdvance: Invariant = {
  name: 'no state ever goes back, but from published to queued',
  *check(world) {
    for (const machine of upright(world)) {
      const last = new Map<string, DeliveryState>();
      const stored = storedOn(machine, 'out').map(({ id, state }) => ({ id, state }));
      for (const { id, state } of [...machine.record.states, ...stored]) {
        const before = last.get(id);
        if (before && before !== state && !after[before].includes(state))
          yield `${machine.name} shows ${id.slice(0, 8)} as ${state} after ${before}`;
        last.set(id, state);
      }
    }
  },
};
