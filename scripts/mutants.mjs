// Plants bugs in the simulated product, one at a time, and looks for the first seed that finds each, first of the small
// meshes, then of the large ones: `pnpm mutants [part of a name|of another] [seeds]`. Prints the table of docs/simulator.md.
import { rm } from 'node:fs/promises';
import { bundleSimulator, runSimulator } from './simulator/bundle-simulator.mjs';
import { mutants } from './simulator/mutants.mjs';

const [part = '', seeds = '200'] = process.argv.slice(2);
const parts = part.split('|');
const chosen = mutants.filter(({ name }) => parts.some((each) => name.includes(each)));

/** @param {string} program @param {readonly string[]} mesh @returns what found the mutant first; null if nothing did */
function find(program, mesh) {
  const args = [...mesh, '--seed', '1', '--seeds', seeds, '--first', '--shrink', '0'];
  const { stdout } = runSimulator(program, args, 'pipe');
  const [, seed] = /seed (\d+): .* VIOLATED/.exec(stdout) ?? [];
  const [, invariant] = /VIOLATED\n {2}([^:\n]+):/.exec(stdout) ?? [];
  return seed === undefined ? null : { seed, invariant };
}

let missed = 0;
console.log('| mutant | found by seed | by the invariant |\n|---|---|---|');
for (const { name, patches } of chosen) {
  const program = await bundleSimulator(`mutant-${process.pid}`, patches);
  const small = find(program, ['--small']);
  const large = small ?? find(program, []);
  await rm(program);
  if (!large) missed++;
  const seed = small ? `${small.seed}, small` : (large?.seed ?? `not in ${seeds}`);
  console.log(`| ${name} | ${seed} | ${large?.invariant ?? ''} |`);
}
process.exitCode = missed === 0 ? 0 : 1;
