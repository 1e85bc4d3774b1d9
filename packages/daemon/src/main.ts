#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { toExitError } from './adapters/system/exit.ts';
import { loadScript } from './adapters/system/load-script.ts';

// The modules of Node that a start needs. They come compiled, which V8 only accepts before its flags change: parsing their text
// would take 20 ms.
for (const name of [
  'assert',
  'child_process',
  'cluster',
  'crypto',
  'dns',
  'fs/promises',
  'http',
  'https',
  'perf_hooks',
  'readline',
  'readline/promises',
  'tty',
  'worker_threads',
]) {
  process.getBuiltinModule(name);
}
// The daemon runs for months on machines that have other things to do, so we trade a few percent of speed for 15 to 30 MB
// of memory: a small young generation is enough for many short-lived buffers, optimized code may be smaller, and WebAssembly
// is compiled one function at a time. A young generation that small is collected faster by one thread than by several that
// wait for each other. Command-line flags for node would be lost wherever a shebang starts us.
for (const flag of [
  '--semi-space-growth-factor=1',
  '--no-parallel-scavenge',
  '--optimize-for-size',
  '--wasm-num-compilation-tasks=1',
]) {
  setFlagsFromString(flag);
}
process.umask(0o077);
const { argv, env } = process;
const { url } = import.meta;
try {
  // The bundle of `cli/cli.ts` and all that it imports (scripts/bundle.mjs).
  const program = loadScript(new URL('program.cjs', url), { argv, env, url });
  await (program.exports as typeof import('./cli/cli.ts')).runCli(argv);
  // Of the short commands, none needs as much.
  if (argv.includes('start')) program.keepCode();
} catch (error) {
  // The program itself could not be loaded.
  const known = toExitError(error);
  if (!known) throw error;
  process.stderr.write(`ocmesh: ${known.message}\n`);
  process.exitCode = known.exitCode;
}
