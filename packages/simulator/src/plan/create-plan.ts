import { dayMs, hourMs, minuteMs } from '@ocmesh/shared/ambient';
import { type Chance, createChance } from '../chance.ts';
import { type Cast, type Course, courses, letterFrom } from './courses.ts';
import { makeUpMachines, makeUpRelays } from './make-up-mesh.ts';
import type { Action, MachinePlan, Plan, Step } from './plan.ts';
import type { Rate, Scenario, Span } from './scenario.ts';

/** Everything that is up gets this long to start before anything happens. */
const FIRST_MS = 30_000;

/** Long enough for what a daemon does every hour. */
const CALM_MS = 65 * minuteMs;

/** Makes up a plan: a seed always gives the same one. */
export function createPlan(seed: number, scenario: Scenario): Plan {
  const chance = createChance(`plan ${seed}`);
  const within = ({ from, to }: Span): number => from + chance.below(to - from + 1);
  const faultMs = within(scenario.faultMinutes) * minuteMs;
  const relays = makeUpRelays(chance.fork('relays'), within(scenario.relays), scenario);
  const machines = makeUpMachines(chance.fork('machines'), within(scenario.agents), relays, scenario);
  const nightMs = chance.happens(scenario.longNight)
    ? Math.round(chance.between(1, chance.pick([9, 25])) * dayMs)
    : 0;
  const calmMs = chance.fork('calm').happens(scenario.calmHour) ? CALM_MS : 0;
  const pauseAtMs = Math.round(faultMs * chance.between(0.3, 0.8));
  const names = machines.map(({ name }) => name);
  const steps = makeUpSteps(chance.fork('steps'), {
    scenario,
    untilMs: faultMs,
    calm: { fromMs: pauseAtMs, lastsMs: calmMs },
    names,
    ours: machines.filter(({ software }) => software === 'ocmesh').map(({ name }) => name),
    relays: relays.map(({ name }) => name),
  });
  const night = nightMs > 0 ? nightOf(chance.fork('night'), names, pauseAtMs, nightMs) : [];
  const all = [
    ...makeUpUpgrades(chance.fork('upgrades'), machines),
    ...withPause(steps, pauseAtMs, nightMs),
    ...night,
  ];
  const faultsEndMs = faultMs + nightMs + calmMs;
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

/** Some machines crash while they upgrade their store. */
const makeUpUpgrades = (chance: Chance, machines: readonly MachinePlan[]): Step[] =>
  machines
    .filter(({ schema }) => schema !== null)
    .filter(() => chance.happens(0.5))
    .flatMap(({ name: machine }): Step[] => [
      {
        do: 'crash',
        machine,
        how: chance.pick(['kill', 'power cut']),
        operations: 1 + chance.below(30),
        atMs: 0,
      },
      { do: 'start', machine, atMs: 20_000 },
    ]);

function makeUpSteps(chance: Chance, cast: Cast): Step[] {
  const { scenario, untilMs, calm, names, ours, relays } = cast;
  const steps: Step[] = [];
  let sent = 0;
  // What begins before the calm also ends as if there were none.
  const add = (beginMs: number, action: Action, afterMs = 0): void => {
    const atMs = beginMs + afterMs + (beginMs < calm.fromMs ? 0 : calm.lastsMs);
    const numbered = action.do === 'send' ? { ...action, content: `message ${++sent}` } : action;
    steps.push(Object.assign({ atMs: Math.round(atMs) }, numbered));
  };

  // Each has chances of its own: another rate changes nothing else.
  for (const [rate, course] of Object.entries(courses) as [Rate, Course][]) {
    const own = chance.fork(rate);
    for (const machine of ours)
      for (const atMs of moments(own, scenario.rates[rate], untilMs))
        for (const [afterMs, action] of course(own, machine, cast)) add(atMs, action, afterMs);
  }

  const ofRelays = chance.fork('relays');
  for (const relay of relays) {
    for (const atMs of moments(ofRelays, scenario.rates.relayDown, untilMs)) {
      add(atMs, { do: 'change relay', relay, standing: ofRelays.pick(['down', 'mute', 429, 503]) });
      add(atMs, { do: 'change relay', relay, standing: 'up' }, ofRelays.between(1_000, 600_000));
    }
    for (const atMs of moments(ofRelays, scenario.rates.relayForgets, untilMs))
      add(atMs, { do: 'forget', relay });
  }

  const ofSending = chance.fork('send');
  for (const machine of names)
    for (const atMs of moments(ofSending, scenario.rates.send, untilMs)) {
      const letter = letterFrom(ofSending, names, machine);
      for (let burst = ofSending.happens(0.2) ? 1 + ofSending.below(5) : 1; burst > 0; burst--)
        add(atMs, letter);
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

/** Moves what comes later than this moment by so much. */
const withPause = (steps: readonly Step[], atMs: number, pauseMs: number): readonly Step[] =>
  steps.map((step) => (step.atMs < atMs ? step : { ...step, atMs: step.atMs + pauseMs }));

/** Returns a night in which all machines are off; one after the other comes back. */
function nightOf(chance: Chance, names: readonly string[], atMs: number, nightMs: number): Step[] {
  return names.flatMap((machine): Step[] => [
    { do: 'stop', machine, atMs: Math.round(atMs + chance.between(0, 60_000)) },
    { do: 'crash', machine, how: 'power cut', operations: 0, atMs: atMs + 90_000 },
    { do: 'start', machine, atMs: Math.round(atMs + nightMs + chance.between(0, 300_000)) },
  ]);
}
