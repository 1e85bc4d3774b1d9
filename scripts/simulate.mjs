// Runs the simulator from its sources (docs/simulator.md): `pnpm simulate --help`.
import { bundleSimulator, runSimulator } from './simulator/bundle-simulator.mjs';

process.exitCode = runSimulator(await bundleSimulator('simulate'), process.argv.slice(2)).status ?? 1;
