import { minuteMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { Machine } from '../agents/machine.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';
import { isCrowded, storedOn, upright } from './messages.ts';

/** A start this long ago: what was not on disk yet has come back. */
const SETTLED_MS = 180_000;

/** Time between two checks. */
const CHECK_MS = minuteMs;

/** The ids of a peer's messages, and whether some of them may be removed: those that were read and confirmed. */
interface Holding {
  readonly ids: Set<string>;
  /** Messages that wait for the owner's decision: they take room as well. */
  readonly waiting: number;
  readonly isRemovable: boolean;
}
type Held = ReadonlyMap<Pubkey, Holding>;

export const roomIsMadeFairly: Invariant = {
  name: 'a full store makes room from who holds most',
  begin(world) {
    heldBefore.set(world, new Map());
  },
  *check(world) {
    const last = heldBefore.get(world) as Map<Machine, Held>;
    for (const machine of upright(world).filter((one) => isCrowded(world, one))) {
      const now = heldBy(machine);
      const before = last.get(machine);
      last.set(machine, now);
      if (!before || world.virtual.now() - machine.record.upAtMs < SETTLED_MS) continue;
      for (const [peer, { ids, waiting }] of before) {
        const left = now.get(peer)?.ids ?? new Set();
        const lost = [...ids].filter((id) => !left.has(id)).length;
        // Its own new messages may have taken the place of its old ones, and be gone themselves.
        const hasSent =
          [...left].some((id) => !ids.has(id)) ||
          machine.record.shown.some(
            ({ from, atMs }) => from === peer && atMs >= world.virtual.now() - CHECK_MS,
          );
        if (lost === 0 || hasSent) continue;
        const rivals = [...before].filter(
          ([other, { isRemovable }]) =>
            isRemovable && now.get(other)?.isRemovable && isRival(machine, peer, other),
        );
        const most = Math.max(
          0,
          // What came since then could not make room: it had to be read and confirmed first.
          ...rivals.map(([other, held]) => [...held.ids].filter((id) => now.get(other)?.ids.has(id)).length),
        );
        if (2 * (ids.size + waiting) < most)
          yield `${machine.name} removed ${lost} of the ${ids.size} messages of ${world.byKey(peer) ?? 'a stranger'}, and another peer has ${most}`;
      }
    }
  },
};

const heldBefore = new WeakMap<World, Map<Machine, Held>>();

/** Messages of each peer that do not expire. */
function heldBy(machine: Machine): Held {
  const held = new Map<Pubkey, Holding>();
  const store = machine.running()?.store;
  const mayRemove = (peer: Pubkey): boolean =>
    (store?.peek((tables) => tables.shares.of(peer).removable) ?? 0) > 0;
  const countWaiting = (peer: Pubkey): number => store?.peek((tables) => tables.held.of(peer).length) ?? 0;
  for (const { peer, id, expiresAtMs } of storedOn(machine, 'in')) {
    if (expiresAtMs !== null) continue;
    const known = held.get(peer) ?? {
      ids: new Set(),
      waiting: countWaiting(peer),
      isRemovable: mayRemove(peer),
    };
    held.set(peer, known);
    known.ids.add(id);
  }
  return held;
}

/** Whether the messages of the other peer could have made room instead: those of strangers do so for strangers. */
function isRival(machine: Machine, peer: Pubkey, other: Pubkey): boolean {
  const trustOf = (key: Pubkey) => machine.running()?.store.peek((tables) => tables.peers.get(key)?.trust);
  return trustOf(peer) === 'contact' || trustOf(other) !== 'contact';
}
