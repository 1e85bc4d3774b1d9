#!/usr/bin/env node
import { toExitError } from './adapters/system/exit.ts';
import { loadScript } from './adapters/system/load-script.ts';
import { onSettled, setFlags } from './adapters/system/v8-flags.ts';

setFlags();
process.umask(0o077);
const { argv, env } = process;
const { url } = import.meta;
try {
  // The bundle of `cli/cli.ts` and all that it imports (scripts/bundle.mjs).
  const { exports, keepCode } = loadScript(new URL('program.cjs', url), { argv, env, url });
  const { runCli } = exports as typeof import('./cli/cli.ts');
  const isDaemon = argv.includes('start');
  if (!isDaemon) onSettled(() => {});
  await runCli(argv);
  // The other commands compile too little.
  if (isDaemon) onSettled(keepCode);
} catch (error) {
  // The program itself could not be loaded.
  const known = toExitError(error);
  if (!known) throw error;
  process.stderr.write(`ocmesh: ${known.message}\n`);
  process.exitCode = known.exitCode;
}
