import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { agentHome } from '@ocmesh/client';
import { errorStep } from '@ocmesh/shared/contract';
import { shellQuoted } from '@ocmesh/shared/text';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What to do about a daemon that is not running: the absolute command that starts it where the installer put it into the home,
 * because `ocmesh` is on no path there. Otherwise the user has to: `ocmesh start` stays in the foreground.
 */
export function startStep(env: Environment, node: string = process.execPath): string {
  const home = agentHome({ env });
  const program = 'path' in home ? join(home.path, 'app/current/ocmesh.mjs') : null;
  return program !== null && existsSync(program)
    ? `Start it with \`${shellQuoted(node)} ${shellQuoted(program)} service start\`, then call again.`
    : errorStep({ code: 'daemon_down' }, 'tool');
}
