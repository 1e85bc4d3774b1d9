import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { errnoOf } from '../../node/errno.ts';
import { processState } from '../../node/process-state.ts';
import { ExitError, exitCodes } from './exit.ts';

interface Holder {
  readonly pid: number;
  /** When the process started, as the kernel counts: tells a living holder from another process with its pid. */
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

/** Linux only; elsewhere the pid alone must do. Field 22 of stat, counted after the command's closing bracket. */
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

/** Who holds the lock, or left it behind; `pid` is null where it does not say. null where there is no lock. */
export function lockHolder(path: string): { readonly pid: number | null; readonly alive: boolean } | null {
  const text = readOr(path);
  if (text === null) return null;
  const holder = parseHolder(text);
  return { pid: holder?.pid ?? null, alive: holder !== null && isAlive(holder) };
}

/**
 * One daemon a home: two would overwrite each other's store.
 * @returns how to let go
 * @throws ExitError when a living daemon holds it
 */
export function takeLock(path: string): () => void {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, started: startOf(process.pid), boot: bootId() }), {
    mode: 0o600,
  });
  try {
    for (let tries = 0; tries < 3; tries++) {
      try {
        // A link appears with its whole content and only where nothing is: no moment in which the lock is half made.
        linkSync(mine, path);
        return () => {
          if (parseHolder(readOr(path))?.pid === process.pid) rmSync(path, { force: true });
        };
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error;
        const judged = readOr(path);
        const holder = parseHolder(judged);
        if (holder && isAlive(holder)) {
          throw new ExitError(
            exitCodes.permanent,
            `Another ocmesh daemon (pid ${holder.pid}) uses this home. Stop it, or set OCMESH_HOME to another folder.`,
          );
        }
        moveAside(path, judged);
      }
    }
    throw new ExitError(
      exitCodes.tryAgain,
      `The lock ${path} could not be taken: others are taking it too. Try again.`,
    );
  } finally {
    unlinkSync(mine);
  }
}

/**
 * Takes a dead holder's lock away. Between the look and the rename somebody else may have done so and taken the lock:
 * then what was moved is that one's, and goes back.
 */
function moveAside(path: string, judged: string | null): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    if (readOr(aside) !== judged) linkSync(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(errnoOf(error) ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
