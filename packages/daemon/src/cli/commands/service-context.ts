import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, ownerAccess, systemHome } from '@ocmesh/client';
import { shellQuoted } from '@ocmesh/shared/text';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import type { Home } from '../../adapters/system/home.ts';
import { type FoundSupervisor, findSupervisor, type Machine } from '../../service/find-supervisor.ts';
import {
  createInstallation,
  ownProgram,
  type Program,
  type RunningDaemon,
} from '../../service/installation.ts';
import { serviceLimits } from '../../service/limits.ts';
import { findNode } from '../../service/node-path.ts';
import { runCommand } from '../../service/run-command.ts';
import type { Supervisor } from '../../service/supervisor.ts';
import type { CommandContext } from '../terminal/context.ts';
import { parseSeconds } from '../terminal/number-options.ts';

/** Enough for a daemon with a full store on a slow machine, or for a port that is taken for a few more seconds. */
const WAIT_S = 15;

export interface WaitFlags {
  readonly wait?: string;
}

/** Flags that end up in the plist or unit. */
export interface SpecFlags {
  readonly node?: string;
  readonly watchdog?: string;
}

export const machineOf = ({ io }: Pick<CommandContext, 'io'>): Machine => ({
  run: runCommand,
  clock: io.clock,
  env: io.env,
  userHome: userFolder(),
  uid: process.getuid?.() ?? 0,
});

/** Returns the user's folder; if there is none, one that does not exist, so that nothing is found in it. */
function userFolder(): string {
  const path = systemHome();
  return path !== null && isAbsolute(path) ? path : '/nonexistent';
}

/** Returns the service manager of this machine, or why there is none. */
export const findServiceManager = (context: CommandContext): Promise<FoundSupervisor> =>
  findSupervisor(machineOf(context));

/** @throws ExitError with the alternatives if there is no service manager */
export async function requireSupervisor(context: CommandContext): Promise<Supervisor> {
  const found = await findServiceManager(context);
  if ('supervisor' in found) return found.supervisor;
  throw new ExitError(
    exitCodes.permanent,
    `${found.missing}. Run the daemon in the foreground, or let another service manager run: node ${shellQuoted(process.argv[1] ?? 'ocmesh.mjs')} start`,
  );
}

export function installationOf(context: CommandContext, supervisor: Supervisor, { wait }: WaitFlags) {
  const { home } = context;
  return createInstallation({
    supervisor,
    clock: context.io.clock,
    home: home.path,
    ask: () => askDaemon(home),
    extraCaCerts: extraCaCertsOf(context),
    timeoutMs: parseSeconds('--wait', wait, WAIT_S) * 1000,
  });
}

/** Returns the file of NODE_EXTRA_CA_CERTS in this shell, which a service would not see; null if it is not set. */
export function extraCaCertsOf({ io }: Pick<CommandContext, 'io'>): string | null {
  const file = io.env['NODE_EXTRA_CA_CERTS'];
  return file ? resolve(file) : null;
}

export const chooseNode = ({ node }: SpecFlags) =>
  findNode({
    run: runCommand,
    execPath: process.execPath,
    realPath,
    ...(node === undefined ? {} : { asked: node }),
  });

export const watchdogSecOf = ({ watchdog }: SpecFlags): number =>
  parseSeconds('--watchdog', watchdog, serviceLimits.watchdogSeconds);

/** Returns the files of the program that is running. */
export function ownBundle(): Program {
  const folder = dirname(fileURLToPath(import.meta.url));
  return { files: ownProgram(folder, existsSync, (path) => readdirSync(path)), version: ocmeshVersion };
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** Returns the running daemon of this home; null if none responds. */
export async function askDaemon(home: Home): Promise<RunningDaemon | null> {
  try {
    // Only this home's daemon: OCMESH_API_URL may name another one.
    const access = ownerAccess({ env: { OCMESH_HOME: home.path } });
    const url = await access.baseUrl();
    const { pid } = JSON.parse(readFileSync(home.daemonFile, 'utf8')) as { pid: number };
    const { daemon_version: version, npub } = await createClient(access).getStatus({});
    return { pid, version, url, npub };
  } catch {
    // Not running, stopping or starting.
    return null;
  }
}

export const describeDaemon = ({ version, url, npub }: RunningDaemon): string =>
  `ocmesh ${version} is running: ${url}\nidentity  ${npub}`;

export const describeUnusableNode = (path: string, problem: string): string =>
  `The service runs on ${path}, and ${problem}. Run \`ocmesh service install\` again with a current Node.js.`;
