import { spawn } from 'node:child_process';
import { backoffMs, type Clock, pauseUnlessAborted, toIso } from '@ocmesh/shared/ambient';
import { cleanLine } from '@ocmesh/shared/text';
import { watchLimits } from './limits.ts';
import type { Line } from './lines.ts';
import type { WatchState } from './watch-state.ts';

const { seconds, tries, retrySeconds, errorChars } = watchLimits.command;
const RETRIES = { firstMs: retrySeconds * 1000, maxMs: seconds * 1000 };

export interface CommandDeps {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly state: Pick<WatchState, 'saveFailing'>;
  /** Ends a command that runs, and the tries. */
  readonly signal: AbortSignal;
  readonly notice: (text: string) => void;
}

/**
 * Creates the announcer that runs a command for each line: without a shell, with the line on its standard input and the
 * facts in its environment. Tries again while it fails, and tells the owner.
 */
export function createCommandAnnouncer(
  command: readonly [string, ...string[]],
  { clock, env, state, signal, notice }: CommandDeps,
): (line: Line) => Promise<boolean> {
  return async (line) => {
    for (let failed = 0; ; ) {
      const problem = await runOnce(command, line, { clock, env, signal });
      if (signal.aborted) return problem === null;
      if (problem === null) {
        state.saveFailing(null);
        return true;
      }
      failed++;
      state.saveFailing({ at: toIso(clock.now()), tries: failed, message: problem });
      notice(`${command[0]} ${problem}`);
      if (failed >= tries) return false;
      await pauseUnlessAborted(clock, backoffMs(RETRIES, failed - 1), signal);
    }
  };
}

/** @returns null if it succeeded, else what it did: `ended with 1: …` */
function runOnce(
  [program, ...args]: readonly [string, ...string[]],
  line: Line,
  { clock, env, signal }: Pick<CommandDeps, 'clock' | 'env' | 'signal'>,
): Promise<string | null> {
  return new Promise((resolve) => {
    // In a process group of its own, so that what it started ends with it.
    const child = spawn(program, args, {
      detached: true,
      env: withFacts(env, line),
      stdio: ['pipe', 'inherit', 'pipe'],
    });
    const end = (): void => killGroup(child.pid);
    let isLate = false;
    const cancel = clock.after(seconds * 1000, () => {
      isLate = true;
      end();
    });
    signal.addEventListener('abort', end);
    let errors = '';
    child.stderr.on('data', (part: Buffer) => {
      errors = (errors + part.toString('utf8')).slice(-errorChars);
    });
    // A command that does not read its input is not at fault.
    child.stdin.on('error', () => {});
    child.stdin.end(`${line.text}\n`);
    const over = (what: string | null): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve(what);
    };
    child.on('error', (error) => over(`could not be started: ${error.message}`));
    child.on('exit', (code, killedBy) => {
      const last = cleanLine(errors.trim().split('\n').at(-1) ?? '', errorChars);
      const said = last === '' ? '' : `: ${last}`;
      if (isLate) over(`was ended after ${seconds} s${said}`);
      else over(code === 0 ? null : `ended with ${code ?? killedBy}${said}`);
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

const withFacts = (env: CommandDeps['env'], { kind, count, ids, from }: Line): NodeJS.ProcessEnv =>
  Object.assign(
    { ...env },
    {
      OCMESH_WATCH_KIND: kind,
      OCMESH_WATCH_COUNT: String(count),
      OCMESH_WATCH_IDS: ids.join(' '),
      OCMESH_WATCH_FROM: from.join(' '),
    },
  );
