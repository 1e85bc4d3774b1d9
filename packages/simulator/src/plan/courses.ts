import { dayMs, hourMs } from '@ocmesh/shared/ambient';
import type { Chance } from '../chance.ts';
import { type Action, strangerActs } from './plan.ts';
import type { Rate, Scenario } from './scenario.ts';

/** Who is there. */
export interface Cast {
  readonly scenario: Scenario;
  readonly untilMs: number;
  /** A time in which nothing begins. */
  readonly calm: { readonly fromMs: number; readonly lastsMs: number };
  /** All agents. */
  readonly names: readonly string[];
  /** Those that run our software. */
  readonly ours: readonly string[];
  readonly relays: readonly string[];
}

/** What happens at one moment, and what follows. */
export type Course = (chance: Chance, machine: string, cast: Cast) => readonly Moment[];
type Moment = readonly [afterMs: number, action: Action];

const now = (action: Action): Moment => [0, action];
const soon = (chance: Chance, [from, to]: readonly [number, number], action: Action): Moment => [
  chance.between(from, to),
  action,
];

const other = (chance: Chance, names: readonly string[], not: string): string =>
  chance.pick(names.filter((name) => name !== not));

/** Returns a message from this machine to another one; its text is numbered later. */
export function letterFrom(chance: Chance, names: readonly string[], machine: string): Action {
  const to = other(chance, names, machine);
  const byPerson = chance.happens(0.7);
  const lifeMs = chance.happens(0.1) ? Math.round(chance.between(30_000, 1_800_000)) : null;
  return { do: 'send', machine, to, content: '', byPerson, lifeMs };
}

/** Returns a message to this machine, often from an agent that sends it only once. */
function letterTo(chance: Chance, { names, ours }: Cast, machine: string): Action {
  const deployed = names.filter((name) => !ours.includes(name));
  const writer =
    deployed.length > 0 && chance.happens(0.5) ? chance.pick(deployed) : other(chance, names, machine);
  return { do: 'send', machine: writer, to: machine, content: '', byPerson: true, lifeMs: null };
}

/** Courses of events that begin at a machine. */
export const courses: Readonly<Partial<Record<Rate, Course>>> = {
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
  /** A stop writes a snapshot. */
  crashAtRename: (chance, machine) => [
    now({
      do: 'crash at rename',
      machine,
      how: chance.pick(['kill', 'power cut']),
      renames: 1 + chance.below(2),
    }),
    [1_000, { do: 'stop', machine }],
    soon(chance, [20_000, 60_000], { do: 'start', machine }),
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
  fullDisk: (chance, machine, cast) => [
    now({ do: 'fill disk', machine }),
    [500, letterTo(chance, cast, machine)],
    soon(chance, [1_000, 180_000], { do: 'free disk', machine }),
  ],
  slowDisk: (chance, machine) => [
    now({ do: 'slow disk', machine, ms: Math.round(chance.pick([200, 2_000, 15_000])) }),
    soon(chance, [5_000, 120_000], { do: 'slow disk', machine, ms: 0 }),
  ],
  resetConnections: (_, machine) => [now({ do: 'reset connections', machine })],
  cut(chance, machine, cast) {
    const relay = chance.pick(cast.relays);
    const letter = letterTo(chance, cast, machine);
    return [
      now({ do: 'cut', machine, relay }),
      // Two: the newest message comes with the subscription.
      [1_000, letter],
      [1_500, letter],
      soon(chance, [2_000, 900_000], { do: 'heal', machine, relay }),
    ];
  },
  /** The clock is wrong for a while, and no relay can say so. */
  jumpWhileCut(chance, machine, { names, relays }) {
    const ms = Math.round(chance.pick([hourMs, dayMs, 20 * dayMs]));
    return [
      ...relays.map((relay) => now({ do: 'cut', machine, relay })),
      [1_000, letterFrom(chance, names, machine)],
      [2_000, letterFrom(chance, names, machine)],
      [5_000, { do: 'step clock', machine, ms }],
      [125_000, { do: 'step clock', machine, ms: -ms }],
      ...relays.map((relay) => soon(chance, [130_000, 200_000], { do: 'heal', machine, relay })),
    ];
  },
  /** The honest relay refuses one message and takes the next, which all others refuse. */
  spare(chance, machine, { names, relays }) {
    const [honest = '', ...others] = relays;
    return [
      now({ do: 'refuse', machine, relay: honest, reason: 'restricted: not for you' }),
      [1_000, letterFrom(chance, names, machine)],
      [10_000, { do: 'take again', machine, relay: honest }],
      ...others.map(
        (relay): Moment => [10_000, { do: 'refuse', machine, relay, reason: 'invalid: not like this' }],
      ),
      [12_000, letterFrom(chance, names, machine)],
      ...others.map((relay) => soon(chance, [60_000, 120_000], { do: 'take again', machine, relay })),
    ];
  },
  floodThenCrash: (chance, machine, { relays }) => [
    now({
      do: 'stranger',
      machine,
      relay: chance.pick(relays),
      what: 'flood of what nobody can read',
      count: 30,
    }),
    [130_000, { do: 'crash', machine, how: 'kill', operations: 0 }],
    soon(chance, [135_000, 160_000], { do: 'start', machine }),
  ],
  readThenCrash: (chance, machine) => [
    now({ do: 'mark read', machine }),
    // Before its receipts are sent.
    soon(chance, [5, 95], { do: 'crash', machine, how: 'kill', operations: 0 }),
    soon(chance, [5_000, 20_000], { do: 'start', machine }),
  ],
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
