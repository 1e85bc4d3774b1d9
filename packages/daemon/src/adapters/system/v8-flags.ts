import { setFlagsFromString } from 'node:v8';

// The daemon runs for months on machines that have other things to do, so we trade a few percent of speed for 15 to 30 MB of
// memory. Command-line flags for node would be lost wherever a shebang starts us.

/** How long after the first response the start is over: until then, its collections would cost a tenth of it. */
const SETTLED_MS = 250;

/** The modules of Node that a start needs. */
const startModules = [
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
];

/** Sets the flags with which the program starts. Compiled code in the cache is only good for these. */
export function setFlags(): void {
  // Node's modules come compiled, which V8 only accepts before its flags change: parsing their text would take 20 ms.
  for (const name of startModules) process.getBuiltinModule(name);
  // A small young generation is enough for many short-lived buffers, and collected faster by one thread than by several that
  // wait for each other. WebAssembly is compiled one function at a time.
  for (const flag of [
    '--semi-space-growth-factor=1',
    '--no-parallel-scavenge',
    '--wasm-num-compilation-tasks=1',
  ]) {
    setFlagsFromString(flag);
  }
}

/** Runs something once the program has started, and then trades more speed for memory. Keeps no process alive. */
export function onSettled(run: () => void): void {
  const settle = (): void => {
    run();
    setFlagsFromString('--optimize-for-size');
  };
  setTimeout(settle, SETTLED_MS).unref();
}
