import { createPlan } from './plan/create-plan.ts';
import { everyFault } from './plan/scenario.ts';
import { simulate } from './run.ts';

const [from = 1, to = from, verbose = 0] = process.argv.slice(2).map(Number);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
for (let seed = from; seed <= to; seed++) {
  const started = process.hrtime.bigint();
  const plan = createPlan(seed, everyFault);
  const result = await simulate(plan);
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  say(`seed ${seed} ${plan.machines.length}/${plan.relays.length} ${result.hash.slice(0, 8)} ${Math.round(plan.endMs / 60000)} min in ${Math.round(ms)} ms: ×${Math.round(plan.endMs / ms)} ${result.violations.map((v) => `${v.invariant}: ${v.detail}`).join(' | ')}`);
  if (verbose) say(result.history.join('\n'));
}
