import { boundsOf } from '../plan/bounds.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';

const MOST_PEERS = 10_000;
const MOST_HELD = 100;
const MOST_IN_OUTBOX = 20_000;
/** Ids that may be too many: those of one moment are forgotten together, and a flood comes in one, or all floods after a start. */
const TOO_MANY_IDS = 300;

export const boundsHold: Invariant = {
  name: 'what others send fills no store without end',
  *check(world) {
    for (const { name, running } of world.machines.values()) {
      const found = running()?.store.peek((tables) => ({
        peers: tables.peers.count(),
        held: tables.held.peers(0).length,
        outbox: tables.outbox.entries().length,
      }));
      if (!found) continue;
      if (found.peers > MOST_PEERS) yield `${name} has ${found.peers} peers`;
      if (found.held > MOST_HELD) yield `${name} holds the messages of ${found.held} strangers`;
      if (found.outbox > MOST_IN_OUTBOX) yield `${name} has ${found.outbox} events in its outbox`;
    }
  },
  *atEnd(world) {
    for (const { name, running } of world.machines.values()) {
      const found = running()?.store.peek(({ seen }) => ({
        seen: seen.countByRelay().reduce((sum, { count }) => sum + count, 0),
        ignored: seen.countIgnored(),
      }));
      const { seenIds, ignoredIds } = boundsOf[world.planOf(name)?.bounds ?? 'usual'];
      if (!found) continue;
      const tooMany = TOO_MANY_IDS * (1 + countFloods(world, name));
      if (found.seen > seenIds + tooMany) yield `${name} remembers ${found.seen} ids of messages`;
      if (found.ignored > ignoredIds + tooMany) yield `${name} remembers ${found.ignored} ids of junk`;
    }
  },
};

const countFloods = ({ plan }: World, machine: string): number =>
  plan.steps.filter(
    (step) => step.do === 'stranger' && step.machine === machine && step.what.startsWith('flood'),
  ).length;
