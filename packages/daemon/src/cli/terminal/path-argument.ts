import { resolve } from 'node:path';
import type { Io } from './io.ts';

/** The script of package.json that runs the command from a checkout. */
const SCRIPT = 'ocmesh';

/** Resolves a path from the command line. npm runs scripts in the package's folder, not where the user called it. */
export function resolvePathArgument({ env }: Pick<Io, 'env'>, path: string): string {
  const calledFrom = env['npm_lifecycle_event'] === SCRIPT ? env['INIT_CWD'] : undefined;
  return resolve(calledFrom || '.', path);
}
