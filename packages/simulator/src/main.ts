import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readCapsule, writeCapsule } from './capsule.ts';
import { createPlan } from './plan/create-plan.ts';
import { everyFault, type Scenario, smallMesh } from './plan/scenario.ts';
import { type Result, simulate } from './run.ts';
import { shrink } from './shrink.ts';

const usage = `pnpm simulate [options]
  --seed N          the first seed (default: a new one, which is printed)
  --seeds N         how many seeds to run (default: 1)
  --hours H         simulated hours with faults
  --agents N        number of agents
  --relays N        number of relays
  --small           a small mesh for ten minutes, as in the tests
  --scenario FILE   JSON with fields of a scenario (packages/simulator/src/plan/scenario.ts)
  --replay FILE     run the plan of a capsule
  --capsules DIR    where to write the capsule of a failing seed (default: the current folder)
  --shrink N        most simulations for making a failing plan smaller (default: 150)
  --first           end with the first failing seed
  --hashes          print the hash of each seed's history and nothing else, to compare machines and versions of Node
  --history         print everything that happened
  --log             print what the daemons log`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    hours: { type: 'string' },
    agents: { type: 'string' },
    relays: { type: 'string' },
    small: { type: 'boolean', default: false },
    scenario: { type: 'string' },
    replay: { type: 'string' },
    capsules: { type: 'string', default: '.' },
    shrink: { type: 'string', default: '150' },
    first: { type: 'boolean', default: false },
    hashes: { type: 'boolean', default: false },
    history: { type: 'boolean', default: false },
    log: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const nowMs = (): number => Number(process.hrtime.bigint() / 1_000_000n);
/** Of this process: other programs on the machine do not change it much. */
const cpuMs = (): number => Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1000);
const exactly = (text: string, factor = 1) => ({ from: Number(text) * factor, to: Number(text) * factor });

function scenarioOf(): Scenario {
  const file = values.scenario
    ? (JSON.parse(readFileSync(values.scenario, 'utf8')) as Partial<Scenario>)
    : {};
  const base = values.small ? smallMesh : everyFault;
  return {
    ...base,
    ...file,
    rates: { ...base.rates, ...file.rates },
    ...(values.hours ? { faultMinutes: exactly(values.hours, 60) } : {}),
    ...(values.agents ? { agents: exactly(values.agents) } : {}),
    ...(values.relays ? { relays: exactly(values.relays) } : {}),
  };
}

const options = values.log
  ? {
      onLog: (machine: string, level: string, message: string, fields: unknown) =>
        say(`    ${machine} ${level}: ${message} ${fields === undefined ? '' : JSON.stringify(fields)}`),
    }
  : {};

function report(name: string, result: Result, tookMs: number): void {
  const { plan, violations, history, hash } = result;
  if (values.hashes) {
    say(`${name} ${hash}`);
    return;
  }
  if (values.history) for (const line of history) say(line);
  const size = `${plan.machines.length} agents, ${plan.relays.length} relays, ${plan.steps.length} steps`;
  const times = Math.round(plan.endMs / Math.max(1, tookMs));
  const speed = `${Math.round(plan.endMs / 60_000)} min in ${tookMs} ms of CPU time (×${times})`;
  say(`${name}: ${size}, ${speed}, ${hash.slice(0, 16)} ${violations.length === 0 ? 'clean' : 'VIOLATED'}`);
  for (const { invariant, detail } of violations) say(`  ${invariant}: ${detail}`);
}

async function replay(path: string): Promise<boolean> {
  const startedMs = cpuMs();
  const result = await simulate(readCapsule(path).plan, options);
  report(path, result, cpuMs() - startedMs);
  return result.violations.length === 0;
}

async function runSeed(seed: number, totals: Map<string, number>): Promise<boolean> {
  const startedMs = cpuMs();
  const result = await simulate(createPlan(seed, scenarioOf()), options);
  report(`seed ${seed}`, result, cpuMs() - startedMs);
  for (const [name, count] of result.counts) totals.set(name, (totals.get(name) ?? 0) + count);
  totals.set('minutes', (totals.get('minutes') ?? 0) + Math.round(result.plan.endMs / 60_000));
  if (result.violations.length === 0) return true;
  if (Number(values.shrink) > 0) {
    const small = await shrink(result, Number(values.shrink));
    const path = join(values.capsules, `seed-${seed}.capsule.json`);
    writeCapsule(path, small);
    report('shrunk', small, 0);
    say(`  The capsule is ${path}. Replay it: pnpm simulate --replay ${path}`);
  }
  return false;
}

async function main(): Promise<boolean> {
  if (values.help) {
    say(usage);
    return true;
  }
  if (values.replay) return replay(values.replay);
  const first = values.seed === undefined ? nowMs() % 1_000_000_000 : Number(values.seed);
  const totals = new Map<string, number>();
  let failed = 0;
  let ran = 0;
  while (ran < Number(values.seeds) && !(values.first && failed > 0))
    if (!(await runSeed(first + ran++, totals))) failed++;
  if (values.hashes) return failed === 0;
  const counts = [...totals].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, n]) => `${name} ${n}`);
  say(`${ran - failed} of ${ran} seeds clean. ${counts.join(', ')}`);
  return failed === 0;
}

process.exitCode = (await main()) ? 0 : 1;
