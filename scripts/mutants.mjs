// Plants bugs in the simulated product, one at a time, and looks for the first seed that finds each:
// `pnpm mutants [part of a name|of another] [seeds]`. Prints the table of docs/simulator.md.
import { rm } from 'node:fs/promises';
import { bundleSimulator, runSimulator } from './simulator/bundle-simulator.mjs';
import { mutants } from './simulator/mutants.mjs';

const [part = '', seeds = '200'] = process.argv.slice(2);
const parts = part.split('|');
const chosen = mutants.filter(({ name }) => parts.some((each) => name.includes(each)));
let missed = 0;
console.log('| mutant | found by seed | by the invariant |\n|---|---|---|');
for (const { name, patches } of chosen) {
  const program = await bundleSimulator(`mutant-${process.pid}`, patches);
  const args = ['--seed', '1', '--seeds', seeds, '--first', '--shrink', '0'];
  const { stdout } = runSimulator(program, args, 'pipe');
  const [, seed] = /seed (\d+): .* VIOLATED/.exec(stdout) ?? [];
  const [, invariant] = /VIOLATED\n {2}([^:\n]+):/.exec(stdout) ?? [];
  await rm(program);
  if (seed === undefined) missed++;
  console.log(
    seed === undefined ? `| ${name} | not in ${seeds} | |` : `| ${name} | ${seed} | ${invariant} |`,
  );
}
process.exitCode = missed === 0 ? 0 : 1;
