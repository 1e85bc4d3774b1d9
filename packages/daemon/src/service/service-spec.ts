import { join } from 'node:path';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';

/** What a service manager must know of the daemon: the one description that plist and unit are rendered from. */
export interface ServiceDescription {
  readonly nodePath: string;
  /** The program behind the link that an upgrade moves. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Takes what is said where no log is open yet, and by Node itself when it dies. */
  readonly errorLog: string;
  /** After so long without a sign of life it is killed and started again. */
  readonly watchdogSec: number;
}

/** What can be read back from a plist or unit of ours. */
export interface InstalledService {
  readonly nodePath: string;
  readonly home: string;
}

export const launchdLabel = 'com.ocmesh.daemon';
export const systemdUnit = 'ocmesh.service';

/** The program and everything that belongs to it rather than to the agent: gone after an uninstall. */
export const appFolder = (home: string): string => join(home, 'app');
export const currentLink = (home: string): string => join(appFolder(home), 'current');

/** @throws ExitError for a folder whose name no service manager can write down */
export function describeService(options: {
  readonly home: string;
  readonly nodePath: string;
  readonly watchdogSec: number;
}): ServiceDescription {
  const { home, nodePath, watchdogSec } = options;
  for (const path of [home, nodePath]) {
    // XML knows no control characters, and a unit's line ends where the line ends.
    if (/\p{Cc}/u.test(path)) {
      throw new ExitError(
        exitCodes.permanent,
        `The path ${JSON.stringify(path)} holds a control character. Use another folder.`,
      );
    }
  }
  return {
    nodePath,
    program: join(currentLink(home), 'ocmesh.mjs'),
    environment: { OCMESH_HOME: home },
    workingDirectory: home,
    errorLog: join(appFolder(home), 'service.err.log'),
    watchdogSec,
  };
}

/** What the daemon is started with, under this service manager. */
export const commandOf = (
  { nodePath, program, watchdogSec }: ServiceDescription,
  supervisor: 'launchd' | 'systemd',
): string[] => [
  nodePath,
  program,
  'start',
  `--supervisor=${supervisor}`,
  // systemd keeps the time itself and says so in the environment.
  ...(supervisor === 'launchd' ? [`--watchdog=${watchdogSec}`] : []),
];
