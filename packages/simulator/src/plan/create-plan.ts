import { dayMs, hourMs, minuteMs } from '@ocmesh/shared/ambient';
import { type Chance, createChance } from '../chance.ts';
import { makeUpMachines, makeUpRelays } from './make-up-mesh.ts';
import { type Action, type Plan, type Step, strangerActs } from './plan.ts';
import type { Rate, Scenario, Span } from './scenario.ts';

/** Everything that is up gets this long to start before anything happens. */
const FIRST_MS = 30_000;

/** Makes up a plan: a seed always gives the same one. */
export function createPlan(seed: number, scenario: Scenario): Plan {
  const chance = createChance(`plan ${seed}`);
  const within = ({ from, to }: Span): number => from + chance.below(to - from + 1);
  const faultMs = within(scenario.faultMinutes) * minuteMs;
  const relays = makeUpRelays(chance.fork('relays'), within(scenario.relays), scenario);
  const machines = makeUpMachines(chance.fork('machines'), within(scenario.agents), relays, scenario);
  const night = chance.happens(scenario.longNight) ? chance.between(1, chance.pick([9, 25])) * dayMs : 0;
  const names = machines.map(({ name }) => name);
  const steps = makeUpSteps(chance.fork('steps'), {
    scenario,
    untilMs: faultMs,
    names,
    ours: machines.filter(({ software }) => software === 'ocmesh').map(({ name }) => name),
    relays: relays.map(({ name }) => name),
  });
  const all =
    night > 0 ? withNight(steps, { names, faultMs, nightMs: night, chance: chance.fork('night') }) : steps;
  const faultsEndMs = faultMs + night;
  return {
    seed,
    faultsEndMs,
    endMs: faultsEndMs + within(scenario.quietMinutes) * minuteMs,
    machines,
    relays,
    // What would end a fault after that is left out as well: everything is mended then.
    steps: all.filter(({ atMs }) => atMs < faultsEndMs).toSorted((a, b) => a.atMs - b.atMs),
  };
}

interface Cast {
  readonly scenario: Scenario;
  readonly untilMs: number;
  /** All agents. */
  readonly names: readonly string[];
  /** Those that run our software. */
  readonly ours: readonly string[];
  readonly relays: readonly string[];
}

/** What happens at one moment, and what ends it. */
type Course = (
  chance: Chance,
  machine: string,
  cast: Cast,
) => readonly (readonly [afterMs: number, action: Action])[];

const now = (action: Action): readonly [number, Action] => [0, action];
const soon = (
  chance: Chance,
  [from, to]: readonly [number, number],
  action: Action,
): readonly [number, Action] => [chance.between(from, to), action];

const other = (chance: Chance, names: readonly string[], not: string): string =>
  chance.pick(names.filter((name) => name !== not));

/** Courses of events that begin at a machine. */
const courses: Readonly<Partial<Record<Rate, Course>>> = {
  killAndCut: (chance, machine) => [
    now({ do: 'crash', machine, how: 'kill', operations: 1 + chance.below(40) }),
    [30_000, { do: 'start', machine }],
    soon(chance, [30_000, 31_000], {
      do: 'crash',
      machine,
      how: 'power cut',
      operations: 1 + chance.below(30),
    }),
    soon(chance, [60_000, 90_000], { do: 'start', machine }),
  ],
  crash: (chance, machine) => [
    now({ do: 'crash', machine, how: chance.pick(['kill', 'power cut']), operations: 0 }),
    soon(chance, [1_000, 600_000], { do: 'start', machine }),
  ],
  crashAtOperation: (chance, machine) => [
    now({ do: 'crash', machine, how: chance.pick(['kill', 'power cut']), operations: 1 + chance.below(60) }),
    soon(chance, [20_000, 300_000], { do: 'start', machine }),
  ],
  stop: (chance, machine) => [
    now({ do: 'stop', machine }),
    soon(chance, [5_000, 1_200_000], { do: 'start', machine }),
  ],
  takeOver: (_, machine) => [now({ do: 'take over', machine })],
  restore: (chance, machine) => [
    now({ do: 'back up', machine }),
    soon(chance, [60_000, 120_000], { do: 'crash', machine, how: 'kill', operations: 0 }),
    soon(chance, [125_000, 130_000], { do: 'restore', machine }),
  ],
  copy: (_, machine) => [
    now({ do: 'crash', machine, how: 'kill', operations: 0 }),
    [1_000, { do: 'copy', machine, as: `${machine}-copy` }],
  ],
  stepClock: (chance, machine) => {
    const ms = Math.round(
      chance.pick([40_000, 700_000, hourMs, dayMs, 20 * dayMs, 20 * dayMs]) * (chance.happens(0.5) ? 1 : -1),
    );
    return [
      now({ do: 'step clock', machine, ms }),
      soon(chance, [60_000, 600_000], { do: 'step clock', machine, ms: -ms }),
    ];
  },
  fullDisk: (chance, machine) => [
    now({ do: 'fill disk', machine }),
    soon(chance, [1_000, 180_000], { do: 'free disk', machine }),
  ],
  slowDisk: (chance, machine) => [
    now({ do: 'slow disk', machine, ms: Math.round(chance.pick([200, 2_000, 15_000])) }),
    soon(chance, [5_000, 120_000], { do: 'slow disk', machine, ms: 0 }),
  ],
  resetConnections: (_, machine) => [now({ do: 'reset connections', machine })],
  cut(chance, machine, { relays }) {
    const relay = chance.pick(relays);
    return [
      now({ do: 'cut', machine, relay }),
      soon(chance, [2_000, 900_000], { do: 'heal', machine, relay }),
    ];
  },
  refuse(chance, machine, { relays }) {
    const relay = chance.pick(relays);
    const reason = chance.pick([
      'restricted: not for you',
      'rate-limited: slow down',
      'error: try later',
      'no',
    ]);
    return [
      now({ do: 'refuse', machine, relay, reason }),
      soon(chance, [5_000, 600_000], { do: 'take again', machine, relay }),
    ];
  },
  block(chance, machine, { names }) {
    const peer = other(chance, names, machine);
    return [
      now({ do: 'trust', machine, peer, trust: 'blocked' }),
      soon(chance, [60_000, 600_000], {
        do: 'trust',
        machine,
        peer,
        trust: chance.pick(['stranger', 'contact']),
      }),
    ];
  },
  contact: (chance, machine, { names }) => [
    now({ do: 'trust', machine, peer: other(chance, names, machine), trust: 'contact' }),
  ],
  policy: (chance, machine) => [
    now({ do: 'set policy', machine, strangers: chance.pick(['ask', 'closed']) }),
    soon(chance, [60_000, 600_000], { do: 'set policy', machine, strangers: 'open' }),
  ],
  changeRelays(chance, machine, { relays }) {
    // Not the first one, which is honest.
    const relay = chance.pick(relays.slice(1));
    if (relay === undefined) return [];
    const isAdded = chance.happens(0.5);
    return [
      now({ do: isAdded ? 'add relay' : 'remove relay', machine, relay }),
      soon(chance, [60_000, 900_000], { do: isAdded ? 'remove relay' : 'add relay', machine, relay }),
    ];
  },
  stranger: (chance, machine, { relays }) => [
    now({
      do: 'stranger',
      machine,
      relay: chance.pick(relays),
      what: chance.pick(strangerActs),
      count: 1 + chance.below(30),
    }),
  ],
  markRead: (_, machine) => [now({ do: 'mark read', machine })],
};

function makeUpSteps(chance: Chance, cast: Cast): Step[] {
  const { scenario, untilMs, names, ours, relays } = cast;
  const steps: Step[] = [];
  const add = (atMs: number, action: Action): void =>
    void steps.push(Object.assign({ atMs: Math.round(atMs) }, action));

  for (const [rate, course] of Object.entries(courses) as [Rate, Course][])
    for (const machine of ours)
      for (const atMs of moments(chance, scenario.rates[rate], untilMs))
        for (const [afterMs, action] of course(chance, machine, cast)) add(atMs + afterMs, action);

  for (const relay of relays) {
    for (const atMs of moments(chance, scenario.rates.relayDown, untilMs)) {
      add(atMs, { do: 'change relay', relay, standing: chance.pick(['down', 'mute', 429, 503]) });
      add(atMs + chance.between(1_000, 600_000), { do: 'change relay', relay, standing: 'up' });
    }
    for (const atMs of moments(chance, scenario.rates.relayForgets, untilMs))
      add(atMs, { do: 'forget', relay });
  }

  let sent = 0;
  for (const machine of names)
    for (const atMs of moments(chance, scenario.rates.send, untilMs)) {
      const to = other(chance, names, machine);
      const byPerson = chance.happens(0.7);
      const lifeMs = chance.happens(0.1) ? Math.round(chance.between(30_000, 1_800_000)) : null;
      for (let burst = chance.happens(0.2) ? 1 + chance.below(5) : 1; burst > 0; burst--)
        add(atMs, { do: 'send', machine, to, content: `message ${++sent}`, byPerson, lifeMs });
    }
  return steps;
}

/** Returns moments at a rate an hour. */
function moments(chance: Chance, perHour: number, untilMs: number): number[] {
  const found: number[] = [];
  if (perHour <= 0) return found;
  for (let atMs = FIRST_MS; ; ) {
    atMs += (-Math.log(1 - chance.unit()) / perHour) * hourMs;
    if (atMs >= untilMs) return found;
    found.push(atMs);
  }
}

/** Puts a night of days in the middle: all machines are off, one after the other comes back. */
function withNight(
  steps: readonly Step[],
  {
    names,
    faultMs,
    nightMs,
    chance,
  }: { names: readonly string[]; faultMs: number; nightMs: number; chance: Chance },
): Step[] {
  const atMs = Math.round(faultMs * chance.between(0.3, 0.8));
  const shifted = steps.map((step) =>
    step.atMs < atMs ? step : { ...step, atMs: Math.round(step.atMs + nightMs) },
  );
  const night = names.flatMap((machine): Step[] => [
    { do: 'stop', machine, atMs: Math.round(atMs + chance.between(0, 60_000)) },
    { do: 'crash', machine, how: 'power cut', operations: 0, atMs: atMs + 90_000 },
    { do: 'start', machine, atMs: Math.round(atMs + nightMs + chance.between(0, 300_000)) },
  ]);
  // Nothing happens at night.
  return [...shifted, ...night];
}
