import { count } from '../world.ts';
import type { Invariant } from './invariant.ts';
import { isCrowded, storedOn, upright } from './messages.ts';

export const receiptsAreTrue: Invariant = {
  name: 'a receipt confirms only what is on disk',
  begin(world) {
    world.wire.onWritten(({ machine, payload }) => {
      const record = world.machines.get(machine)?.record;
      if (payload?.kind !== 'receipt' || !record) return;
      for (const id of payload.ids) {
        if (!record.receipted.has(id)) count(world, 'receipts');
        record.receipted.set(id, payload.state);
      }
    });
  },
  *check(world) {
    for (const machine of upright(world)) {
      if (isCrowded(world, machine)) continue;
      const incoming = storedOn(machine, 'in');
      const ids = new Set(incoming.flatMap(({ id, eventId }) => [id, eventId]));
      for (const id of machine.record.receipted.keys())
        if (!ids.has(id)) yield `${machine.name} confirmed ${id.slice(0, 8)}, which it does not have`;
    }
  },
};
