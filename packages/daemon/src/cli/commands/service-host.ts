import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, ownerAccess } from '@ocmesh/client';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import { type Home, homeFiles } from '../../adapters/system/home.ts';
import { findSupervisor } from '../../service/find-supervisor.ts';
import { type Answer, createInstallation, ownProgram, type Program } from '../../service/installation.ts';
import { shellQuoted } from '../../service/legacy-agent.ts';
import { serviceLimits } from '../../service/limits.ts';
import { findNode } from '../../service/node-path.ts';
import { runCommand } from '../../service/run-command.ts';
import type { Supervisor } from '../../service/supervisor.ts';
import { printLine } from '../terminal/output.ts';
import { seconds } from '../terminal/parse-seconds.ts';
import { homePath } from './start.ts';

/** As long as a daemon with a full store takes on a slow machine, and a port that somebody holds for some seconds. */
const WAIT_S = 15;

export interface WaitFlags {
  readonly wait?: string;
}

export const machine = {
  run: runCommand,
  clock: createSystemClock(),
  env: process.env,
  userHome: homedir(),
  uid: process.getuid?.() ?? 0,
};

/** What keeps a daemon alive here, or why nothing does. */
export const lookForSupervisor = () => findSupervisor(machine);

/** @throws ExitError where nothing keeps a daemon alive, with what to do instead */
export async function requireSupervisor(): Promise<Supervisor> {
  const found = await lookForSupervisor();
  if ('supervisor' in found) return found.supervisor;
  throw new ExitError(
    exitCodes.permanent,
    `${found.missing}. Run the daemon in the foreground, or let a service manager of your own run it: node ${shellQuoted(process.argv[1] ?? 'ocmesh.mjs')} start`,
  );
}

export function installationOf(supervisor: Supervisor, home: Home, { wait }: WaitFlags) {
  const patienceMs = seconds('--wait', wait, WAIT_S) * 1000;
  return createInstallation({
    supervisor,
    clock: machine.clock,
    home: home.path,
    ask: () => ask(home),
    patienceMs,
  });
}

export interface DescriptionFlags {
  readonly node?: string;
  readonly watchdog?: string;
}

export const chooseNode = ({ node }: DescriptionFlags) =>
  findNode({
    run: runCommand,
    execPath: process.execPath,
    realPath,
    ...(node === undefined ? {} : { asked: node }),
  });

export const watchdogSecOf = ({ watchdog }: DescriptionFlags): number =>
  seconds('--watchdog', watchdog, serviceLimits.watchdogSeconds);

export const serviceHome = (): Home => homeFiles(resolve(homePath()));

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

/** The daemon of this home; null where none answers. */
export async function ask(home: Home): Promise<Answer | null> {
  try {
    // This home's daemon or none, not whatever OCMESH_API_URL names.
    const access = ownerAccess({ env: { OCMESH_HOME: home.path } });
    const url = await access.baseUrl();
    const { pid } = JSON.parse(readFileSync(home.daemonFile, 'utf8')) as { pid: number };
    const { daemon_version: version, npub } = await createClient(access).getStatus({});
    return { pid, version, url, npub };
  } catch {
    // Down, just ending, or just beginning.
    return null;
  }
}

export function describeAnswer({ version, url, npub }: Answer): void {
  printLine(`ocmesh ${version} is running: ${url}`);
  printLine(`identity  ${npub}`);
}
