import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { errnoOf } from '../../node/errno.ts';
import { processState } from '../../node/process-state.ts';
import { ExitError, exitCodes } from './exit.ts';

interface Holder {
  readonly pid: number;
  /** Start time of the process in kernel ticks: tells a running holder from another process with the same pid. */
  readonly started: string | null;
  readonly boot: string | null;
}

const readOr = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

/** Returns field 22 of stat, counted after the command's closing bracket. Linux only; elsewhere the pid has to do. */
const startOf = (pid: number): string | null =>
  readOr(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ')[19] ?? null;
const bootId = (): string | null => readOr('/proc/sys/kernel/random/boot_id')?.trim() ?? null;

function isAlive(holder: Holder): boolean {
  if (holder.boot !== bootId()) return false;
  return processState(holder.pid) !== 'gone' && holder.started === startOf(holder.pid);
}

function parseHolder(text: string | null): Holder | null {
  try {
    const { pid, started, boot } = JSON.parse(text ?? '') as Holder;
    return Number.isInteger(pid) && pid > 0 ? { pid, started, boot } : null;
  } catch {
    return null;
  }
}

/** Returns who holds the lock or left it behind, with `pid` null if the lock does not say; null if there is no lock. */
export function lockHolder(path: string): { readonly pid: number | null; readonly alive: boolean } | null {
  const text = readOr(path);
  if (text === null) return null;
  const holder = parseHolder(text);
  return { pid: holder?.pid ?? null, alive: holder !== null && isAlive(holder) };
}

/**
 * Locks a home for this daemon: two would overwrite each other's store.
 * @returns a function that releases the lock
 * @throws ExitError if a running daemon holds it
 */
export function takeLock(path: string): () => void {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, started: startOf(process.pid), boot: bootId() }), {
    mode: 0o600,
  });
  try {
    for (let tries = 0; tries < 3; tries++) {
      try {
        // A link appears with its whole content, and only if the name is free: the lock is never half made.
        linkSync(mine, path);
        return () => {
          if (parseHolder(readOr(path))?.pid === process.pid) rmSync(path, { force: true });
        };
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error;
        const content = readOr(path);
        const holder = parseHolder(content);
        if (holder && isAlive(holder)) {
          throw new ExitError(
            exitCodes.permanent,
            `Another ocmesh daemon (pid ${holder.pid}) uses this home. Stop it, or set OCMESH_HOME to another folder.`,
          );
        }
        moveAside(path, content);
      }
    }
    throw new ExitError(
      exitCodes.tryAgain,
      `The lock ${path} could not be taken, because other processes are taking it, too. Try again.`,
    );
  } finally {
    unlinkSync(mine);
  }
}

/**
 * Removes a dead holder's lock. Between the check and the rename another process may have done so and taken the lock:
 * then its lock was moved, and is put back.
 */
function moveAside(path: string, content: string | null): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    if (readOr(aside) !== content) linkSync(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(errnoOf(error) ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
