import type { Invariant } from './invariant.ts';

const MOST_PEERS = 10_000;
const MOST_HELD = 100;
const MOST_SEEN_BACKLOG = 20_000;

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
      if (found.outbox > MOST_SEEN_BACKLOG) yield `${name} has ${found.outbox} events in its outbox`;
    }
  },
};
