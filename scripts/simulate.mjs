// Runs the simulator from its sources (docs/simulator.md): `pnpm simulate --help`. Many seeds run in processes of 20 each. With
// `--minutes M`, runs new seeds for so long.
import { bundleSimulator, runSimulator } from './simulator/bundle-simulator.mjs';
import { runSeeds } from './simulator/run-seeds.mjs';

const program = await bundleSimulator('simulate');
const args = process.argv.slice(2);

/** Takes an option and its value from the arguments. @param {string} name */
function take(name) {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}

const minutes = take('--minutes');
const seeds = take('--seeds');
if (minutes === undefined && Number(seeds ?? 1) === 1) {
  process.exitCode = runSimulator(program, args).status ?? 1;
} else {
  const startedAt = Date.now();
  const options = { args, first: Number(take('--seed') ?? startedAt % 1_000_000_000) };
  /** @param {string} output without the totals, which are printed once */
  const show = (output) => void process.stdout.write(output.replace(/^\d+ of \d+ seeds clean.*\n/m, ''));
  let ran = 0;
  let failed = 0;
  /** @type {Map<string, number>} */
  const totals = new Map();
  do {
    const some = runSeeds(
      program,
      { ...options, first: options.first + ran, seeds: Number(seeds ?? 20) },
      show,
    );
    ran += some.ran;
    failed += some.failed;
    for (const [name, count] of some.totals) totals.set(name, (totals.get(name) ?? 0) + count);
  } while (Date.now() < startedAt + Number(minutes ?? 0) * 60_000);
  const counts = [...totals].map(([name, count]) => `${name} ${count}`).join(', ');
  if (!args.includes('--hashes')) console.log(`${ran - failed} of ${ran} seeds clean. ${counts}`);
  process.exitCode = failed === 0 ? 0 : 1;
}
