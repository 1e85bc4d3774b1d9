// Plants bugs in the simulated product, one at a time, and looks for the first seed that finds each, first of the small
// meshes, then of the large ones: `pnpm mutants [part of a name|of another] [seeds]`. Prints the table of docs/simulator.md.
import { rm } from 'node:fs/promises';
import { bundleSimulator } from './simulator/bundle-simulator.mjs';
import { mutants } from './simulator/mutants.mjs';
import { runSeeds } from './simulator/run-seeds.mjs';

const [part = '', seeds = '200'] = process.argv.slice(2);
const parts = part.split('|');
const chosen = mutants.filter(({ name }) => parts.some((each) => name.includes(each)));

/** @param {string} program @param {readonly string[]} mesh @returns what found the mutant first; null if nothing did */
function find(program, mesh) {
  const args = [...mesh, '--first', '--shrink', '0'];
  let output = '';
  runSeeds(program, { args, first: 1, seeds: Number(seeds), stopAtFailure: true }, (part) => {
    output += part;
  });
  const [, seed] = /seed (\d+): .* VIOLATED/.exec(output) ?? [];
  const [, invariant] = /VIOLATED\n {2}([^:\n]+):/.exec(output) ?? [];
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
