import type { Machine } from '../agents/machine.ts';
import { oldHomeOf } from '../agents/old-home.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';
import { isCrowded, storedOn, upright } from './messages.ts';

export const keptOverCrashes: Invariant = {
  name: 'nothing that was acknowledged or shown is lost in a crash, and every daemon starts again',
  *atEnd(world) {
    // A copy was stopped.
    for (const { name, running } of world.machines.values())
      if (!running() && world.planOf(name)) yield `the daemon of ${name} does not start`;
  },
  *check(world) {
    for (const machine of upright(world)) {
      const ids = new Set([...storedOn(machine, 'in'), ...storedOn(machine, 'out')].map(({ id }) => id));
      for (const { from, outcome, id, content } of world.sendings)
        if (from === machine.name && outcome === 'accepted' && id !== null && !ids.has(id))
          yield `${from} has lost “${content}”, which got its 200`;
      if (isCrowded(world, machine)) continue;
      if (world.planOf(machine.name)?.schema) yield* whatUpgradeLost(world, machine, ids);
      for (const { id, content } of machine.record.shown)
        if (!ids.has(id)) yield `${machine.name} has lost “${content}”, which was shown`;
    }
  },
};

/** Says what of an older home is gone. */
function* whatUpgradeLost(world: World, machine: Machine, ids: ReadonlySet<string>): Iterable<string> {
  const { pubkey, messages } = oldHomeOf(world, machine.name);
  if (machine.pubkey() !== pubkey) yield `${machine.name} has lost its key in the upgrade`;
  for (const { id, content } of messages)
    if (!ids.has(id)) yield `${machine.name} has lost “${content}” in the upgrade`;
}
