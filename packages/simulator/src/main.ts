import { createPlan } from './plan/create-plan.ts';
import { simulate } from './run.ts';

const [agents = 3, relays = 2, minutes = 20, seed = 1] = process.argv.slice(2).map(Number);
for (let n = 0; n < 2; n++) {
  const started = Date.now();
  const result = await simulate(createPlan(seed, { agents, relays, minutes }));
  console.log(
    result.hash,
    result.violations,
    Object.fromEntries(result.counts),
    `${Date.now() - started} ms`,
    ((minutes + 10) * 60000) / (Date.now() - started),
  );
  if (n === 1) process.stdout.write(`${result.history.slice(0, 30).join('\n')}\n`);
}
