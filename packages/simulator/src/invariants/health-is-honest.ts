import type { Machine } from '../agents/machine.ts';
import { relayUrl } from '../plan/plan.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';
import { sharedHonestRelay } from './reach.ts';

/** How long a daemon may take to notice: ping, time-out, and its own grace. */
const NOTICE_MS = 3 * 60_000;

export const healthIsHonest: Invariant = {
  name: 'a daemon that nothing can reach says so, and one that works does not',
  begin(world) {
    cutOffSince.set(world, new Map());
  },
  *check(world) {
    const since = cutOffSince.get(world) as Map<string, number>;
    for (const machine of world.machines.values()) {
      if (!machine.running() || !isCutOff(world, machine)) since.delete(machine.name);
      else if (!since.has(machine.name)) since.set(machine.name, world.virtual.now());
      const { disturbedMs, virtual } = world;
      // It may have been reachable for a moment between two checks.
      const lastMs = Math.max(
        ...[machine.name, ...world.relays.keys()].map((name) => disturbedMs.get(name) ?? 0),
      );
      const ms = virtual.now() - Math.max(lastMs, since.get(machine.name) ?? virtual.now());
      const isSettled = virtual.now() - machine.record.upAtMs > NOTICE_MS;
      if (ms > NOTICE_MS && isSettled && machine.reasons().length === 0)
        yield `${machine.name} says that it is healthy, and no relay can be reached for ${Math.round(ms / 1000)} s`;
    }
  },
  *atEnd(world) {
    for (const machine of world.machines.values()) {
      const own = world.planOf(machine.name)?.relays ?? [];
      const reasons = machine.reasons().map(({ code }) => code);
      // Nothing else may be wrong with them: a relay that cannot be tested is not known to drop.
      const dropsAll = own.every((name) => {
        const [first, ...others] = world.relays.get(name)?.behaviours ?? [];
        return first?.kind === 'drops' && first.rate === 1 && others.length === 0;
      });
      const isChanged = world.plan.steps.some(
        (step) => step.do === 'add relay' && step.machine === machine.name,
      );
      if (own.length > 0 && dropsAll && !isChanged && !reasons.includes('no_keeping_relay'))
        yield `${machine.name} does not say no_keeping_relay, and all its relays drop what it writes`;
      const lost = reasons.find((code) =>
        ['no_relay', 'no_dm_relay', 'no_discovery', 'no_keeping_relay'].includes(code),
      );
      // What comes long behind the end of a query is not found by the tests of an hour.
      const isTestable = (relay: string): boolean =>
        lost !== 'no_keeping_relay' ||
        world.relays.get(relay)?.behaviours.every(({ kind }) => kind !== 'delays') === true;
      if (lost && sharedHonestRelay(world, machine.name, machine.name, isTestable))
        yield `${machine.name} says ${lost}, and has an honest relay`;
    }
  },
};

const cutOffSince = new WeakMap<World, Map<string, number>>();

/** Whether none of its relays can be reached. */
function isCutOff(world: World, { name }: Machine): boolean {
  return [...world.relays].every(
    ([relay, { standing }]) => standing() !== 'up' || world.network.isCut(name, relayUrl(relay)),
  );
}
