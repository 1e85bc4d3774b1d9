import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Clock, pause } from '@ocmesh/shared/ambient';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import { createAppVersions, isOlder } from './app-versions.ts';
import { appFolder, describeService } from './service-spec.ts';
import { readDefinition } from './spec-file.ts';
import type { Supervisor } from './supervisor.ts';

/** Who answers `GET /status` for a home. */
export interface Answer {
  readonly pid: number;
  readonly version: string;
  readonly url: string;
  readonly npub: string;
}

export interface InstallationDeps {
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly home: string;
  /** Asks the daemon of the home; null when none answers. */
  readonly ask: () => Promise<Answer | null>;
  /** How long a started daemon may take until it answers. */
  readonly patienceMs: number;
}

export interface Program {
  readonly files: readonly string[];
  readonly version: string;
}

const PAUSE_MS = 100;
/** Of the error log, for people. */
const TAIL_LINES = 5;

/** The service of one home: what is installed, and how it is brought to run. */
export function createInstallation({ supervisor, clock, home, ask, patienceMs }: InstallationDeps) {
  const folder = appFolder(home);
  const versions = createAppVersions(folder);
  const { errorLog } = describeService({ home, nodePath: '', watchdogSec: 0 });

  /** The daemon that the supervisor runs now, once it answers; another than `before`, of this version if one is named. */
  async function running(before: Answer | null, version?: string): Promise<Answer | null> {
    const deadline = clock.monotonic() + patienceMs;
    while (clock.monotonic() < deadline) {
      const answer = await ask();
      const isNew = answer && answer.pid !== before?.pid && (version ?? answer.version) === answer.version;
      // Somebody may have started one by hand: that one answers, too, but nobody keeps it alive.
      if (isNew && (await supervisor.state()).pid === answer.pid) return answer;
      await pause(clock, PAUSE_MS);
    }
    return null;
  }

  /** What it said before it fell silent. */
  function lastWords(): string {
    const said = existsSync(errorLog) ? readFileSync(errorLog, 'utf8').trim() : '';
    return said ? `\n${said.split('\n').slice(-TAIL_LINES).join('\n')}` : ` See ${join(home, 'ocmesh.log')}.`;
  }

  async function refuseWhatStandsInTheWay(version: string, before: Answer | null): Promise<void> {
    const installed = versions.current();
    if (installed && isOlder(version, installed)) {
      throw new ExitError(
        exitCodes.permanent,
        `Version ${installed} is installed, and this is ${version}: an older one may not be able to read what the newer one stored. Install ${installed} or newer.`,
      );
    }
    const definition = readDefinition(supervisor.definitionPath);
    const other = definition && supervisor.read(definition)?.home;
    if (other && other !== home) {
      throw new ExitError(
        exitCodes.permanent,
        `The service runs the agent of ${other} already, and there is one service for each user. Set OCMESH_HOME to that folder, or uninstall that one first.`,
      );
    }
    if (before && (await supervisor.state()).pid !== before.pid) {
      throw new ExitError(
        exitCodes.permanent,
        `A daemon of ${home} runs already, started by hand (pid ${before.pid}). Stop it, then install again.`,
      );
    }
  }

  /** Puts back what was there, and says how that went. */
  async function rollBack(name: string, definition: string | null): Promise<string> {
    if (!definition)
      return `Version ${name} has no service definition to go back to. Install it again with its own \`ocmesh service install\`.`;
    const before = await ask();
    versions.select(name);
    await supervisor.install(definition);
    const answer = await running(before);
    return answer
      ? `Version ${name} is back and answers at ${answer.url}.`
      : `Version ${name} was put back, but does not answer either.`;
  }

  return {
    ask,
    versions,
    lastWords,

    /**
     * Installs, or upgrades, and waits until the new daemon answers. What does not answer is taken back.
     * @throws ExitError with what stands in the way, or what the daemon said
     */
    async install(program: Program, nodePath: string, watchdogSec: number): Promise<Answer> {
      const before = await ask();
      await refuseWhatStandsInTheWay(program.version, before);
      const previous = versions.current();
      const previousDefinition = readDefinition(supervisor.definitionPath);
      const name = versions.place(program.files, program.version);
      rmSync(errorLog, { force: true });
      let problem = `does not answer after ${patienceMs / 1000} s.`;
      try {
        versions.select(name);
        await supervisor.install(supervisor.render(describeService({ home, nodePath, watchdogSec })));
        const answer = await running(before, program.version);
        if (answer) {
          versions.keepOnly([name, previous]);
          return answer;
        }
      } catch (error) {
        if (!(error instanceof ExitError)) throw error;
        problem = `did not start. ${error.message}`;
      }
      const words = lastWords();
      let aftermath = 'Nothing is left running; your data is untouched.';
      if (previous && previous !== name) aftermath = await rollBack(previous, previousDefinition);
      else await supervisor.uninstall();
      throw new ExitError(exitCodes.crash, `Version ${program.version} ${problem}${words}\n${aftermath}`);
    },

    /** Removes the service and the program; the data stays. */
    async uninstall(): Promise<void> {
      await supervisor.uninstall();
      rmSync(folder, { recursive: true, force: true });
    },

    /** @throws ExitError with the last words of a daemon that does not come up */
    async bring(how: 'start' | 'restart'): Promise<Answer> {
      const before = how === 'restart' ? await ask() : null;
      await supervisor[how]();
      const answer = await running(before);
      if (answer) return answer;
      throw new ExitError(
        exitCodes.crash,
        `The daemon does not answer after ${patienceMs / 1000} s.${lastWords()}`,
      );
    },
  };
}

/** The files of the program that runs now. @throws ExitError where they are not built */
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
      'Only the built program can be installed. Run: npm run setup && npm run build',
    );
  }
  const files = list(moduleFolder).map((name) => join(moduleFolder, name));
  return files.includes(mcp) ? files : [...files, mcp];
}
