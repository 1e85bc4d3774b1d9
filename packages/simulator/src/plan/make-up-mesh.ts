import { kinds } from '@ocmesh/shared/wire';
import { currentSchema } from '../../../daemon/src/adapters/store/sql/migrations/index.ts';
import type { Chance } from '../chance.ts';
import type { Behaviour } from '../relays/behaviour.ts';
import type { MachinePlan, RelayPlan } from './plan.ts';
import type { Scenario } from './scenario.ts';

/** Share of the machines that use the first relay, which is honest. */
const USE_FIRST = 0.95;

/** Makes up relays. The first one does what relays do. */
export function makeUpRelays(chance: Chance, count: number, { badRelays }: Scenario): RelayPlan[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `relay-${at}`,
    behaviours: at > 0 && chance.happens(badRelays) ? makeUpBehaviours(chance) : [],
  }));
}

function makeUpBehaviours(chance: Chance): Behaviour[] {
  const first = makeUpBehaviour(chance);
  const second = makeUpBehaviour(chance);
  return chance.happens(0.3) && first.kind !== second.kind ? [first, second] : [first];
}

function makeUpBehaviour(chance: Chance): Behaviour {
  const choices: readonly (() => Behaviour)[] = [
    () => ({ kind: 'drops', rate: chance.pick([0.3, 1, 1]) }),
    () => ({ kind: 'forwards nothing' }),
    () => ({ kind: 'loses OKs', rate: chance.between(0.1, 1) }),
    () => ({ kind: 'duplicates', rate: chance.between(0.1, 1) }),
    () => ({ kind: 'delays', rate: chance.between(0.1, 0.9), ms: Math.round(chance.between(500, 20_000)) }),
    () => ({ kind: 'shuffles' }),
    () => ({ kind: 'sends few', rows: 1 + chance.below(20), oldestFirst: chance.happens(0.5) }),
    () => ({
      kind: 'refuses kind',
      event: chance.pick([kinds.encryptedDm, kinds.giftWrap, kinds.presence, kinds.note]),
    }),
    () => ({ kind: 'refuses size', bytes: 500 + chance.below(2_000) }),
    () => ({ kind: 'refuses dates', seconds: Math.round(chance.pick([60, 600, 86_400])) }),
    () => ({ kind: 'refuses writer', machine: `agent-${chance.below(4)}` }),
    () => ({ kind: 'limits rate', perMinute: 2 + chance.below(10) }),
    () => ({ kind: 'forges', rate: chance.between(0.05, 0.5) }),
    () => ({ kind: 'wants AUTH' }),
    () => ({ kind: 'ends no query', rate: chance.between(0.1, 1) }),
    () => ({ kind: 'forgets subscriptions', rate: chance.between(0.3, 1) }),
    () => ({ kind: 'wrong clock', ms: Math.round(chance.between(-2, 2) * 3_600_000) }),
  ];
  return chance.pick(choices)();
}

export function makeUpMachines(
  chance: Chance,
  count: number,
  relays: readonly RelayPlan[],
  { deployedAgents, dropped, upgraded }: Scenario,
): MachinePlan[] {
  const dropping = relays.filter(({ behaviours }) =>
    behaviours.some((one) => one.kind === 'drops' && one.rate === 1),
  );
  const names = relays.map(({ name }) => name);
  return Array.from({ length: count }, (_, at): MachinePlan => {
    const isDropped = dropping.length > 0 && at > 1 && chance.happens(dropped);
    const chosen = names.filter((name) => chance.happens(name === 'relay-0' ? USE_FIRST : 0.7));
    const announceSec = chance.pick([120, 300, 300, 600]);
    return {
      name: `agent-${at}`,
      relays: isDropped ? dropping.map(({ name }) => name) : chosen.length > 0 ? chosen : ['relay-0'],
      drift: chance.pick([0, 0, 1e-5, -1e-4]),
      // Two agents at least are ours.
      software: at > 1 && chance.happens(deployedAgents) ? chance.pick(['v0.1', 'v0.2']) : 'ocmesh',
      strangers: chance.happens(0.05) ? 'ask' : 'open',
      announceSec,
      scanSec: chance.pick([120, 120, 300]),
      bounds: chance.happens(0.3) ? chance.pick(['low', 'crowded']) : 'usual',
      compactBytes: chance.pick([null, 60_000, 200_000]),
      schema: chance.happens(upgraded) ? 1 + chance.below(currentSchema.newest - 1) : null,
      agent: chance.happens(0.05)
        ? 'replies always'
        : chance.pick(['reads', 'reads', 'replies', 'leaves unread']),
    };
  });
}
