import type { Pubkey } from '@ocmesh/shared/contract';
import type { MessageRecord } from '../../../daemon/src/core/model/message.ts';
import type { Machine } from '../agents/machine.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';
import { isCrowded, storedOn, upright } from './messages.ts';

/** A start this long ago: what was not on disk yet has come back. */
const SETTLED_MS = 180_000;

/** Ids of each peer's messages, and whether they were read: others are not removed. */
type Held = ReadonlyMap<Pubkey, ReadonlyMap<string, boolean>>;

export const roomIsMadeFairly: Invariant = {
  name: 'a full store makes room from who holds most',
  begin(world) {
    heldBefore.set(world, new Map());
  },
  *check(world) {
    const last = heldBefore.get(world) as Map<Machine, Held>;
    for (const machine of upright(world).filter((one) => isCrowded(world, one))) {
      const now = heldBy(storedOn(machine, 'in'));
      const before = last.get(machine);
      last.set(machine, now);
      if (!before || world.virtual.now() - machine.record.upAtMs < SETTLED_MS) continue;
      for (const [peer, ids] of before) {
        const left = now.get(peer) ?? new Map();
        const lost = [...ids.keys()].filter((id) => !left.has(id)).length;
        // Its own new messages may have taken the place of its old ones.
        const hasSent = [...left.keys()].some((id) => !ids.has(id));
        if (lost === 0 || hasSent) continue;
        const rivals = [...before].filter(
          ([other, theirs]) => isRival(machine, peer, other) && hadToGive(theirs, now.get(other)),
        );
        const most = Math.max(0, ...rivals.map(([, { size }]) => size));
        if (2 * ids.size < most)
          yield `${machine.name} removed ${lost} of the ${ids.size} messages of ${world.byKey(peer) ?? 'a stranger'}, and another peer has ${most}`;
      }
    }
  },
};

const heldBefore = new WeakMap<World, Map<Machine, Held>>();

/** Messages of each peer that do not expire. */
function heldBy(messages: readonly MessageRecord[]): Held {
  const held = new Map<Pubkey, Map<string, boolean>>();
  for (const { peer, id, read, expiresAtMs } of messages)
    if (expiresAtMs === null) held.set(peer, (held.get(peer) ?? new Map()).set(id, read));
  return held;
}

/** Whether a message was there all the time that could have been removed. */
const hadToGive = (
  before: ReadonlyMap<string, boolean>,
  now: ReadonlyMap<string, boolean> = new Map(),
): boolean => [...before].some(([id, isRead]) => isRead && now.has(id));

/** Whether the messages of the other peer could have made room instead: those of strangers do so for strangers. */
function isRival(machine: Machine, peer: Pubkey, other: Pubkey): boolean {
  const trustOf = (key: Pubkey) => machine.running()?.store.peek((tables) => tables.peers.get(key)?.trust);
  return trustOf(peer) === 'contact' || trustOf(other) !== 'contact';
}
