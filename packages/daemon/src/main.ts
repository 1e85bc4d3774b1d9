#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { runCli } from './cli/cli.ts';

// The daemon lives for months on machines that have other things to do: 15 to 30 MB less for a few percent of speed.
// Its many short-lived buffers need no large young generation, optimised code may be smaller, and WebAssembly is
// compiled one function at a time. As start flags of node they would be lost wherever a shebang starts us.
for (const flag of [
  '--semi-space-growth-factor=1',
  '--optimize-for-size',
  '--wasm-num-compilation-tasks=1',
]) {
  setFlagsFromString(flag);
}
process.umask(0o077);
await runCli(process.argv);
