import { join } from 'node:path';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';

/** How to run the daemon as a service: plist and unit are rendered from it. */
export interface ServiceSpec {
  readonly nodePath: string;
  /** Path of the program, through the link that an upgrade moves. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** File for output before the log is open, and for Node's own when it crashes. */
  readonly errorLog: string;
  /** A daemon whose event loop is blocked for this long is killed and restarted. */
  readonly watchdogSec: number;
}

/** The parts of a spec that can be read back from a plist or unit of ours. */
export interface InstalledService {
  readonly nodePath: string;
  readonly home: string;
}

export const launchdLabel = 'com.ocmesh.daemon';
export const systemdUnit = 'ocmesh.service';

/** Folder of the program and of everything else that an uninstall removes. */
export const appFolder = (home: string): string => join(home, 'app');
export const currentLink = (home: string): string => join(appFolder(home), 'current');

/** @throws ExitError for a path that cannot be written into a plist or unit */
export function createServiceSpec(options: {
  readonly home: string;
  readonly nodePath: string;
  readonly watchdogSec: number;
  /** File of NODE_EXTRA_CA_CERTS in the shell that installs: Node reads it only at the start. */
  readonly extraCaCerts?: string | null;
}): ServiceSpec {
  const { home, nodePath, watchdogSec, extraCaCerts = null } = options;
  for (const path of [home, nodePath, extraCaCerts ?? '']) {
    // XML has no control characters, and a line of a unit cannot contain a line end.
    if (/\p{Cc}/u.test(path)) {
      throw new ExitError(
        exitCodes.permanent,
        `The path ${JSON.stringify(path)} contains a control character. Use another folder.`,
      );
    }
  }
  return {
    nodePath,
    program: join(currentLink(home), 'ocmesh.mjs'),
    environment: {
      OCMESH_HOME: home,
      ...(extraCaCerts === null ? {} : { NODE_EXTRA_CA_CERTS: extraCaCerts }),
    },
    workingDirectory: home,
    errorLog: join(appFolder(home), 'service.err.log'),
    watchdogSec,
  };
}

/** Returns the command line of the daemon under this service manager. */
export const commandOf = (
  { nodePath, program, watchdogSec }: ServiceSpec,
  supervisor: 'launchd' | 'systemd',
): string[] => [
  nodePath,
  program,
  'start',
  `--supervisor=${supervisor}`,
  // systemd has its own watchdog, and passes its time in the environment.
  ...(supervisor === 'launchd' ? [`--watchdog=${watchdogSec}`] : []),
];
