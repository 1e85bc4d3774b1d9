import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { processState } from '../../node/process-state.ts';

/** Recognises a process later, as far as this system allows; null for what it does not show. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in kernel ticks since boot: tells the process from a later one with the same pid. */
  readonly started: string | null;
  /** Id of the boot that `started` refers to. */
  readonly boot: string | null;
  /** PID namespace of `pid`: each container has its own. Absent in locks of version 0.3. */
  readonly namespace?: string | null;
  readonly host?: string;
}

/** `exiting`: killed, or being taken down by the kernel. `unknown`: it runs, if at all, where we cannot see it. */
export type ProcessState = 'running' | 'exiting' | 'gone' | 'unknown';

const orNull = (read: () => string): string | null => {
  try {
    return read().trim();
  } catch {
    return null;
  }
};
const readProc = (path: string): string | null => orNull(() => readFileSync(`/proc/${path}`, 'utf8'));
const bootId = (): string | null => readProc('sys/kernel/random/boot_id');
const pidNamespace = (): string | null => orNull(() => readlinkSync('/proc/self/ns/pid'));

/** Fields of `/proc/<pid>/stat` from the third on, which follows the closing bracket (proc_pid_stat(5)). */
const statOf = (pid: number): string[] | null =>
  readProc(`${pid}/stat`)?.split(') ').at(-1)?.split(' ') ?? null;
const STATE = 0;
const FLAGS = 6;
const STARTED = 19;
/** PF_EXITING in the kernel's sched.h. */
const EXITING_FLAG = 0x4;
const SIGKILL_BIT = 1n << 8n;

/** What never changes, read once: the lock of the home is renewed every two seconds. */
let own: Pick<ProcessIdentity, 'started' | 'boot' | 'namespace'> | null = null;

export function ownProcess(): ProcessIdentity {
  own ??= {
    started: statOf(process.pid)?.[STARTED] ?? null,
    boot: bootId(),
    namespace: pidNamespace(),
  };
  return { pid: process.pid, ...own, host: hostname() };
}

/** Looks for that process. */
export function stateOf(identity: ProcessIdentity): ProcessState {
  const { pid, started, boot } = identity;
  const isGone = (): boolean => processState(pid) === 'gone';
  // Only Linux has containers with pids of their own, and start times to compare.
  if (process.platform !== 'linux') {
    // A daemon of version 0.3 named no host and does not renew its lock: a process with its pid may be that daemon.
    if (identity.host === undefined) return isGone() ? 'gone' : 'running';
    return identity.host === hostname() && isGone() ? 'gone' : 'unknown';
  }
  // A daemon of version 0.3 does not renew its lock, so what /proc shows has to do.
  const isSameNamespace = identity.namespace === undefined || identity.namespace === pidNamespace();
  if (boot === null || boot !== bootId() || !isSameNamespace || started === null) return 'unknown';
  const stat = statOf(pid);
  // /proc may be mounted so that it hides the processes of other users.
  if (!stat) return isGone() ? 'gone' : 'unknown';
  if (stat[STARTED] !== started || ['Z', 'X'].includes(stat[STATE] ?? '')) return 'gone';
  return (Number(stat[FLAGS]) & EXITING_FLAG) !== 0 || isKilled(pid) ? 'exiting' : 'running';
}

/** Whether SIGKILL is pending: under load the process stays visible for a while. */
const isKilled = (pid: number): boolean =>
  [...(readProc(`${pid}/status`) ?? '').matchAll(/^(?:Sig|Shd)Pnd:\s*([0-9a-f]+)$/gm)].some(
    ([, mask]) => (BigInt(`0x${mask}`) & SIGKILL_BIT) !== 0n,
  );
