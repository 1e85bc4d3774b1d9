import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Clock, pollUntil } from '@ocmesh/shared/ambient';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import { createAppVersions, isOlder } from './app-versions.ts';
import { appFolder, createServiceSpec } from './service-spec.ts';
import { readSpecFile } from './spec-file.ts';
import type { Supervisor } from './supervisor.ts';

/** The daemon of a home, as its REST API describes it. */
export interface RunningDaemon {
  readonly pid: number;
  readonly version: string;
  readonly url: string;
  readonly npub: string;
}

export interface InstallationDeps {
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly home: string;
  /** Asks the daemon of the home; null if none responds. */
  readonly ask: () => Promise<RunningDaemon | null>;
  /** How long a started daemon may take until it responds. */
  readonly timeoutMs: number;
  /** File with certificates for NODE_EXTRA_CA_CERTS of the service; null for none. */
  readonly extraCaCerts: string | null;
}

export interface Program {
  readonly files: readonly string[];
  readonly version: string;
}

const POLL_MS = 100;
/** Lines of the error log to show. */
const TAIL_LINES = 5;

/** Installs, upgrades, starts and removes the service of one home. */
export interface Installation {
  /** Returns the installed version; null if there is none. */
  installedVersion(): string | null;
  /** Returns the last lines of the error log, or where to look instead. */
  recentErrors(): string;
  /**
   * Installs or upgrades, and waits until the new daemon responds. If it does not, restores the previous version.
   * @throws ExitError with what prevents it, or the daemon's last errors
   */
  install(program: Program, nodePath: string, watchdogSec: number): Promise<RunningDaemon>;
  /** Removes the service and the program. The data stays. */
  uninstall(): Promise<void>;
  /** Starts or restarts the daemon, and waits until it responds. @throws ExitError with its last errors */
  bring(how: 'start' | 'restart'): Promise<RunningDaemon>;
}

export function createInstallation(deps: InstallationDeps): Installation {
  const { supervisor, clock, home, ask, timeoutMs, extraCaCerts } = deps;
  const folder = appFolder(home);
  const versions = createAppVersions(folder);
  const { errorLog } = createServiceSpec({ home, nodePath: '', watchdogSec: 0 });
  const noResponse = `does not respond after ${timeoutMs / 1000} s.`;

  /**
   * Waits for the daemon that the service manager runs.
   * @param before the daemon that ran earlier, which does not count
   * @param version only a daemon of this version counts
   */
  const waitForDaemon = (before: RunningDaemon | null, version?: string): Promise<RunningDaemon | null> =>
    pollUntil(clock, { everyMs: POLL_MS, forMs: timeoutMs }, async () => {
      const daemon = await ask();
      const isNew = daemon && daemon.pid !== before?.pid && (version ?? daemon.version) === daemon.version;
      // A daemon that was started by hand responds as well, but nothing would restart it.
      return isNew && (await supervisor.state()).pid === daemon.pid ? daemon : null;
    });

  function recentErrors(): string {
    const text = existsSync(errorLog) ? readFileSync(errorLog, 'utf8').trim() : '';
    return text ? `\n${text.split('\n').slice(-TAIL_LINES).join('\n')}` : ` See ${join(home, 'ocmesh.log')}.`;
  }

  async function checkPreconditions(version: string, before: RunningDaemon | null): Promise<void> {
    const installed = versions.current();
    if (installed && isOlder(version, installed)) {
      throw new ExitError(
        exitCodes.permanent,
        `Version ${installed} is installed, and this is ${version}: an older version may not be able to read what the newer one stored. Install ${installed} or newer.`,
      );
    }
    const spec = readSpecFile(supervisor.specPath);
    const other = spec && supervisor.read(spec)?.home;
    if (other && other !== home) {
      throw new ExitError(
        exitCodes.permanent,
        `The service already runs the agent of ${other}, and there is only one service per user. Set OCMESH_HOME to that folder, or uninstall that service first.`,
      );
    }
    if (before && (await supervisor.state()).pid !== before.pid) {
      throw new ExitError(
        exitCodes.permanent,
        `A daemon of ${home} is already running, started by hand (pid ${before.pid}). Stop it, then install again.`,
      );
    }
  }

  /** Restores a version. @returns a sentence about the outcome */
  async function rollBack(name: string, spec: string | null): Promise<string> {
    if (!spec)
      return `Version ${name} cannot be restored, because its service file is missing. Install it again with its own \`ocmesh service install\`.`;
    const before = await ask();
    versions.select(name);
    await supervisor.install(spec);
    const daemon = await waitForDaemon(before);
    return daemon
      ? `Version ${name} is back and responds at ${daemon.url}.`
      : `Version ${name} was restored, but does not respond either.`;
  }

  return {
    installedVersion: versions.current,
    recentErrors,

    async install(program, nodePath, watchdogSec) {
      const before = await ask();
      await checkPreconditions(program.version, before);
      const previous = versions.current();
      const previousSpec = readSpecFile(supervisor.specPath);
      const name = versions.place(program.files, program.version);
      rmSync(errorLog, { force: true });
      let problem = noResponse;
      try {
        versions.select(name);
        const spec = createServiceSpec({ home, nodePath, watchdogSec, extraCaCerts });
        await supervisor.install(supervisor.render(spec));
        const daemon = await waitForDaemon(before, program.version);
        if (daemon) {
          versions.keepOnly([name, previous]);
          return daemon;
        }
      } catch (error) {
        if (!(error instanceof ExitError)) throw error;
        problem = `did not start. ${error.message}`;
      }
      const errors = recentErrors();
      let outcome = 'No daemon is running now; your data is unchanged.';
      if (previous && previous !== name) outcome = await rollBack(previous, previousSpec);
      else await supervisor.uninstall();
      throw new ExitError(exitCodes.crash, `Version ${program.version} ${problem}${errors}\n${outcome}`);
    },

    async uninstall() {
      await supervisor.uninstall();
      rmSync(folder, { recursive: true, force: true });
    },

    async bring(how) {
      const before = how === 'restart' ? await ask() : null;
      await supervisor[how]();
      const daemon = await waitForDaemon(before);
      if (daemon) return daemon;
      throw new ExitError(exitCodes.crash, `The daemon ${noResponse}${recentErrors()}`);
    },
  };
}

/** Returns the files of the running program. @throws ExitError if they are not built */
export function ownProgram(
  moduleFolder: string,
  exists: (path: string) => boolean,
  list: (folder: string) => string[],
): string[] {
  const main = join(moduleFolder, 'ocmesh.mjs');
  const mcp = [
    join(moduleFolder, 'ocmesh-mcp.mjs'),
    join(dirname(moduleFolder), '../mcp-server/bundle/ocmesh-mcp.mjs'),
  ].find(exists);
  if (!exists(main) || !mcp) {
    throw new ExitError(
      exitCodes.permanent,
      'Only a built program can be installed. Run: npm run setup && npm run build',
    );
  }
  const files = list(moduleFolder).map((name) => join(moduleFolder, name));
  return files.includes(mcp) ? files : [...files, mcp];
}
