import { resolve } from 'node:path';

/** The script of package.json that runs the command from a checkout. */
const SCRIPT = 'ocmesh';

/** The whole path of a file that was named on the command line: npm runs its scripts in another folder than it was called from. */
export function typedPath(
  path: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const calledFrom = env['npm_lifecycle_event'] === SCRIPT ? env['INIT_CWD'] : undefined;
  return resolve(calledFrom || '.', path);
}
