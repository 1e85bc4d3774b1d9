// Runs the simulator from its sources (docs/simulator.md): `pnpm simulate --help`. With `--minutes M`, runs fresh seeds for so
// long, in processes of 20 seeds each.
import { bundleSimulator, runSimulator } from './simulator/bundle-simulator.mjs';

const SEEDS = 20;

const program = await bundleSimulator('simulate');
const args = process.argv.slice(2);
const at = args.indexOf('--minutes');
const [, minutes = '0'] = at < 0 ? [] : args.splice(at, 2);
const endMs = Date.now() + Number(minutes) * 60_000;
let failed = 0;
do {
  const seeds = at < 0 ? [] : ['--seeds', String(SEEDS)];
  if (runSimulator(program, [...args, ...seeds]).status !== 0) failed++;
} while (Date.now() < endMs);
process.exitCode = failed === 0 ? 0 : 1;
