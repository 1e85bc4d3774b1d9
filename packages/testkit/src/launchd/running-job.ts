import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Cancel, Clock } from '@ocmesh/shared/ambient';
import type { LaunchdJob } from './job-keys.ts';

/** Signals that count as a crash. */
const CRASHES = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGFPE', 'SIGBUS', 'SIGSEGV', 'SIGSYS', 'SIGKILL'];

export interface RunningJob {
  readonly job: LaunchdJob;
  readonly pid: number | null;
  readonly runs: number;
  readonly state: 'running' | 'spawn scheduled' | 'not running';
  readonly lastExit: string;
  start(): void;
  /** Sends SIGTERM and starts again at once. */
  kick(): void;
  /** Sends SIGTERM, and SIGKILL after ExitTimeOut. Resolves when the process has ended. */
  end(): Promise<void>;
}

export interface JobEnvironment {
  readonly clock: Clock;
  /** The environment of a job, apart from its EnvironmentVariables; the caller's is not inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Replaces ThrottleInterval, to save time in tests. */
  readonly throttleSec?: number;
}

/** Runs one job like launchd: starts, restarts, throttles and ends it. */
export function createRunningJob(
  job: LaunchdJob,
  { clock, environment, throttleSec }: JobEnvironment,
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
    // PATH is not searched: the program has an absolute path.
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
    // Ends the rest of the job's process group.
    if (pid) signalTo(-pid, 'SIGTERM');
    if (onGone) return onGone();
    if (!isKicked && !isWanted(code, signal)) return;
    const waitMs = isKicked ? 0 : Math.max(0, startedAtMs + throttleMs - clock.monotonic());
    isKicked = false;
    scheduled = clock.after(waitMs, start);
  }

  /** Sends SIGTERM now, and SIGKILL after ExitTimeOut. */
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
    // It has ended already.
  }
}
