import { spawn } from 'node:child_process';
import type { Clock } from '@ocmesh/shared/ambient';
import { cleanLine } from '@ocmesh/shared/text';
import { watchLimits } from './limits.ts';
import type { Line } from './lines.ts';
import { type AnnouncerDeps, createRetryingAnnouncer } from './retrying-announcer.ts';

const { seconds, errorChars } = watchLimits.command;

/**
 * Creates the announcer that runs a command for each line: without a shell, with the line on its standard input and the
 * facts in its environment.
 */
export function createCommandAnnouncer(
  command: readonly [string, ...string[]],
  deps: AnnouncerDeps & { readonly env: Readonly<Record<string, string | undefined>> },
): (line: Line) => Promise<boolean> {
  const { clock, env, signal, notice } = deps;
  return createRetryingAnnouncer((line) => runOnce(command, line, { clock, env, signal }), {
    ...deps,
    notice: (problem) => notice(`${command[0]} ${problem}`),
  });
}

/** @returns null if it succeeded, else what it did: `ended with 1: …` */
function runOnce(
  [program, ...args]: readonly [string, ...string[]],
  line: Line,
  {
    clock,
    env,
    signal,
  }: {
    readonly clock: Clock;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly signal: AbortSignal;
  },
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

const withFacts = (
  env: Readonly<Record<string, string | undefined>>,
  { kind, count, ids, from }: Line,
): NodeJS.ProcessEnv =>
  Object.assign(
    { ...env },
    {
      OCMESH_WATCH_KIND: kind,
      OCMESH_WATCH_COUNT: String(count),
      OCMESH_WATCH_IDS: ids.join(' '),
      OCMESH_WATCH_FROM: from.join(' '),
    },
  );
