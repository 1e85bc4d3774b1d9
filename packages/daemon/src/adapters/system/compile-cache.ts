import { lstatSync, mkdirSync, readdirSync, rmSync, type Stats, statSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

// Loaded before there is a cache, so it imports nothing of ours.

/** Node's `module.enableCompileCache`, from 22.1 on: keeps compiled code in a folder, and checks it when it reads it. */
export type EnableCompileCache = (folder: string) => unknown;

const enableInNode = (nodeModule as { enableCompileCache?: EnableCompileCache }).enableCompileCache ?? null;

interface Options {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The running program; an upgrade replaces it. */
  readonly program: string;
}

/**
 * Lets Node keep the program's compiled code in the folder `cache` of the home, so that the next start compiles nothing.
 * Node drops what is damaged, or of another Node. Does nothing in a home that does not exist yet, so that no command
 * creates one, and where others could write: this is code that runs with access to the secret key.
 * @returns whether the cache is used
 */
export function useCompileCache(
  { argv, env, program }: Options,
  enable: EnableCompileCache | null = enableInNode,
): boolean {
  if (!enable) return false;
  try {
    const home = homeOf(argv, env);
    if (!isAbsolute(home) || !isOurs(lstatSync(home))) return false;
    const build = Math.round(statSync(program).mtimeMs).toString(36);
    const cache = join(home, 'cache');
    const folder = join(cache, build);
    for (const path of [cache, folder]) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      if (!isOurs(lstatSync(path))) return false;
    }
    for (const name of readdirSync(cache))
      if (name !== build) rmSync(join(cache, name), { recursive: true, force: true });
    enable(folder);
    return true;
  } catch {
    // No home, a disk that is full or read-only: the start takes a little longer.
    return false;
  }
}

/** As the command line finds it later, without `~`, which costs those who use it the cache. */
function homeOf(argv: readonly string[], env: Options['env']): string {
  const at = argv.indexOf('--home');
  const flag = at < 0 ? argv.find((word) => word.startsWith('--home='))?.slice(7) : argv[at + 1];
  return flag ?? (env['OCMESH_HOME']?.trim() || join(homedir(), '.ocmesh'));
}

/** Whether this is a folder, not a link, that only our user can enter. */
const isOurs = (found: Stats): boolean =>
  found.isDirectory() && (found.mode & 0o077) === 0 && (!process.getuid || found.uid === process.getuid());
