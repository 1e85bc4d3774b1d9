import { minuteMs } from '@ocmesh/shared/ambient';

import { isOnline } from '../../../daemon/src/core/model/peer.ts';
import type { Machine } from '../agents/machine.ts';
import { relayUrl } from '../plan/plan.ts';
import { behaviourOf } from '../relays/behaviour.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';
import { sharedHonestRelay } from './reach.ts';

/** How long after the last disturbance presence may be wrong: reconnecting, back-off and the next announcement. */
const SETTLED_MS = 12 * 60_000;

/**
 * The same if a clock was wrong: its own, or that of a relay which was the only one for a while. Relays keep presences from the
 * future, or refuse those that seem to have expired, until the next one.
 */
const SETTLED_CLOCK_MS = 24 * minuteMs;

/** How long a daemon may write nothing to a relay that refused it, presence included: 10 minutes, then 20. */
const SPARED_MS = 40 * minuteMs;

export const presenceIsRight: Invariant = {
  name: 'agents that run are online, and those that are gone are offline',
  *check(world) {
    for (const observer of world.machines.values())
      for (const peer of world.machines.values()) {
        if (peer === observer || !observer.running() || !isSettled(world, observer)) continue;
        const sees = seesOnline(world, observer, peer);
        if (sees === null) continue;
        if (peer.running() && isSettled(world, peer) && !sees && canSee(world, observer, peer))
          yield `${observer.name} sees ${peer.name} as offline, which runs`;
        if (sees && !peer.isBusy() && isLongGone(world, observer, peer))
          yield `${observer.name} sees ${peer.name} as online, which is long gone`;
      }
  },
};

/** Whether nothing was done to the machine or its honest relays for a while. */
function isSettled(world: World, { name, record, clock }: Machine): boolean {
  const sinceMs = Math.max(
    record.upAtMs,
    ...[name, ...world.relays.keys()].map((one) => world.disturbedMs.get(one) ?? 0),
  );
  const hasStepped = world.plan.steps.some((step) => step.do === 'step clock' && step.machine === name);
  const settledMs =
    hasStepped || clocksOfRelays(world, name).some((ms) => ms !== 0) ? SETTLED_CLOCK_MS : SETTLED_MS;
  return world.virtual.now() - sinceMs > settledMs && Math.abs(clock.offsetMs()) < 60_000;
}

const windowMs = (world: World, { name }: Machine): number =>
  3 *
  1000 *
  (world.planOf(name) ?? world.planOf(name.replace(/-copy$/, '')) ?? { announceSec: 300 }).announceSec;

/** Returns null if the observer does not know the peer. */
function seesOnline(world: World, observer: Machine, peer: Machine): boolean | null {
  const key = peer.pubkey();
  const known = key && observer.running()?.store.peek((tables) => tables.peers.get(key));
  if (!known || known.trust === 'blocked' || key === observer.pubkey()) return null;
  return isOnline(known, observer.clock.now(), windowMs(world, observer));
}

/**
 * Whether the two share an honest relay that both can reach and that did not refuse the peer, and the peer announces itself
 * often enough for the observer.
 */
function canSee(world: World, observer: Machine, peer: Machine): boolean {
  if ([observer, peer].some((machine) => hasRelayAhead(world, machine))) return false;
  const writesTo = (relay: string): boolean => {
    const refusedMs = world.wire.refusedMs(peer.name, relayUrl(relay));
    return refusedMs < peer.record.upAtMs || world.virtual.now() - refusedMs > SPARED_MS;
  };
  const shared = sharedHonestRelay(world, observer.name, peer.name, writesTo);
  if (shared === undefined || windowMs(world, observer) < windowMs(world, peer)) return false;
  const url = relayUrl(shared);
  const isUp = world.relays.get(shared)?.standing() === 'up';
  return isUp && ![observer, peer].some(({ name }) => world.network.isCut(name, url));
}

function isLongGone(world: World, observer: Machine, peer: Machine): boolean {
  // Another machine with the same key may run.
  const twins = [...world.machines.values()].filter((one) => one.pubkey() === peer.pubkey());
  if (twins.some((one) => one.isBusy())) return false;
  const goneMs = Math.max(...twins.map(({ record }) => record.goneAtMs));
  // Its presence says itself how long it lasts.
  const lastsMs = Math.max(windowMs(world, observer), windowMs(world, peer));
  return world.virtual.now() - goneMs > lastsMs + SETTLED_MS;
}

/**
 * Whether it uses a relay whose clock is ahead. While that is the only one, presences get its time. It shows them as long as
 * they have not expired, and if they seem possible by then, those with the right time count as older.
 */
const hasRelayAhead = (world: World, { name }: Machine): boolean =>
  clocksOfRelays(world, name).some((aheadMs) => aheadMs > 10 * minuteMs && aheadMs <= 45 * minuteMs);

/** Returns how far the clocks of its relays are ahead. */
const clocksOfRelays = (world: World, machine: string): number[] =>
  (world.planOf(machine.replace(/-copy$/, ''))?.relays ?? []).map(
    (relay) => behaviourOf(world.relays.get(relay)?.behaviours ?? [], 'wrong clock')?.ms ?? 0,
  );
