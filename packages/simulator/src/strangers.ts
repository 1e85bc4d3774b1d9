import type { Machine } from './agents/machine.ts';
import type { StrangerAct } from './plan/plan.ts';
import type { SimulatedRelay } from './relays/simulated-relay.ts';
import type { World } from './world.ts';

type Act = (
  world: World,
  call: { readonly machine: Machine; readonly relay: SimulatedRelay; readonly count: number },
) => void;

/** What clients do that are no agents of ours. */
export const strangerActs: Readonly<Partial<Record<StrangerAct, Act>>> = {};
