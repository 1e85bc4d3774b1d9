// Plants bugs in the simulated product, one at a time, and looks for the first seed that finds each:
// `node scripts/mutants.mjs [name part] [seeds]`. Prints the table of docs/simulator.md.
import { bundleSimulator, runSimulator } from './simulator/bundle-simulator.mjs';
import { mutants } from './simulator/mutants.mjs';

const [part = '', seeds = '200'] = process.argv.slice(2);
const chosen = mutants.filter(({ name }) => name.includes(part));
let missed = 0;
console.log('| mutant | found by seed | by the invariant |\n|---|---|---|');
for (const { name, patches } of chosen) {
  const program = await bundleSimulator('mutant', patches);
  const args = ['--seed', '1', '--seeds', seeds, '--first', '--shrink', '0'];
  const { stdout } = runSimulator(program, args, 'pipe');
  const [, seed] = /seed (\d+): .* VIOLATED/.exec(stdout) ?? [];
  const [, invariant] = /VIOLATED\n {2}([^:\n]+):/.exec(stdout) ?? [];
  if (seed === undefined) missed++;
  console.log(
    seed === undefined ? `| ${name} | not in ${seeds} | |` : `| ${name} | ${seed} | ${invariant} |`,
  );
}
process.exitCode = missed === 0 ? 0 : 1;
