import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Cancel, Clock } from '@ocmesh/shared/ambient';
import type { LaunchdJob } from './job-keys.ts';

/** Signals that launchd takes for a crash. */
const CRASHES = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGFPE', 'SIGBUS', 'SIGSEGV', 'SIGSYS', 'SIGKILL'];

export interface RunningJob {
  readonly job: LaunchdJob;
  readonly pid: number | null;
  readonly runs: number;
  readonly state: 'running' | 'spawn scheduled' | 'not running';
  readonly lastExit: string;
  start(): void;
  /** SIGTERM, then a new start at once. */
  kick(): void;
  /** SIGTERM, SIGKILL after ExitTimeOut; resolves when the process is gone. */
  end(): Promise<void>;
}

export interface JobSurroundings {
  readonly clock: Clock;
  /** The whole environment of a job but its own EnvironmentVariables: nothing of the caller's. */
  readonly environment: Readonly<Record<string, string>>;
  /** In place of ThrottleInterval, to save a test's time. */
  readonly throttleSec?: number;
}

/** One job as launchd keeps it: started, started again, throttled, ended. */
export function createRunningJob(
  job: LaunchdJob,
  { clock, environment, throttleSec }: JobSurroundings,
): RunningJob {
  const throttleMs = (throttleSec ?? job.ThrottleInterval ?? 10) * 1000;
  let child: ChildProcess | null = null;
  let scheduled: Cancel | null = null;
  let cancelKill: Cancel = () => {};
  let startedAtMs = 0;
  let runs = 0;
  let lastExit = '(never exited)';
  let isKicked = false;
  let onGone: (() => void) | null = null;

  function isWanted(code: number | null, signal: NodeJS.Signals | null): boolean {
    const { KeepAlive: keep = false } = job;
    if (typeof keep === 'boolean') return keep;
    const succeeded = code === 0 && !signal;
    const crashed = signal !== null && CRASHES.includes(signal);
    return keep.SuccessfulExit === succeeded || keep.Crashed === crashed;
  }

  function start(): void {
    scheduled?.();
    scheduled = null;
    if (child || onGone) return;
    const outputs = [job.StandardOutPath, job.StandardErrorPath].map((path) =>
      path === undefined ? ('ignore' as const) : openSync(path, 'a', 0o600),
    );
    const limit = job.SoftResourceLimits?.['NumberOfFiles'] ?? 256;
    const umask = (job.Umask ?? 0o022).toString(8);
    // No search of PATH: the program is named in full.
    child = spawn(
      '/bin/sh',
      ['-c', `umask ${umask}; ulimit -Sn ${limit}; exec "$0" "$@"`, ...job.ProgramArguments],
      {
        cwd: job.WorkingDirectory ?? '/',
        detached: true,
        stdio: ['ignore', ...outputs],
        env: { ...environment, XPC_SERVICE_NAME: job.Label, ...job.EnvironmentVariables },
      },
    );
    for (const file of outputs) if (typeof file === 'number') closeSync(file);
    runs++;
    startedAtMs = clock.monotonic();
    const { pid } = child;
    child.once('error', () => onExit(pid, 78, null));
    child.once('exit', (code, signal) => onExit(pid, code, signal));
  }

  function onExit(pid: number | undefined, code: number | null, signal: NodeJS.Signals | null): void {
    child = null;
    cancelKill();
    lastExit = signal ? `${signal}` : String(code);
    // What the job left behind in its process group goes with it.
    if (pid) signalTo(-pid, 'SIGTERM');
    if (onGone) return onGone();
    if (!isKicked && !isWanted(code, signal)) return;
    const waitMs = isKicked ? 0 : Math.max(0, startedAtMs + throttleMs - clock.monotonic());
    isKicked = false;
    scheduled = clock.after(waitMs, start);
  }

  /** SIGTERM now, SIGKILL when its time is up. */
  function terminate(): void {
    const { pid } = child ?? {};
    if (!pid) return;
    signalTo(pid, 'SIGTERM');
    cancelKill();
    cancelKill = clock.after((job.ExitTimeOut ?? 20) * 1000, () => signalTo(pid, 'SIGKILL'));
  }

  return {
    job,
    get pid() {
      return child?.pid ?? null;
    },
    get runs() {
      return runs;
    },
    get state() {
      return child ? 'running' : scheduled ? 'spawn scheduled' : 'not running';
    },
    get lastExit() {
      return lastExit;
    },
    start,

    kick() {
      if (!child) return start();
      isKicked = true;
      terminate();
    },

    end: () =>
      new Promise((resolve) => {
        scheduled?.();
        onGone = resolve;
        if (child) terminate();
        else resolve();
      }),
  };
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}
