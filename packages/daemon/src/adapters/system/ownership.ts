import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, every, pause, pollUntil, type Random, toHex } from '@ocmesh/shared/ambient';
import { errnoOf } from '../../node/errno.ts';
import { ExitError, exitCodes } from './exit.ts';
import { ownProcess, type ProcessIdentity, type ProcessState, stateOf } from './process-identity.ts';

// One daemon per home: two would overwrite each other's store. The lock file contains the owner's random id, and the owner
// rewrites the file every few seconds. So nobody has to see the owner's process, which may run in another container or on
// another host: an owner whose file does not change for some time is gone. Where /proc shows the process, nobody has to wait.
//
// The owner calls `check` after each write and before it acknowledges it. A starter that takes over first writes its own
// id and then reads the store. So if the owner still finds its id after a write, every later owner reads that write.

/** Pause between two renewals. */
const RENEW_MS = 2_000;
/** An owner that has not renewed for this long is gone: five renewals, in case the machine is busy. */
const GONE_MS = 10_000;
/** Pause between two reads of another process's lock. */
const LOOK_MS = 250;
const CLAIM_LOOK_MS = 10;
/** How long to wait for a process that is visibly exiting. */
const EXITING_MS = 10_000;
/** Pause before a takeover is trusted, in case another starter takes over at the same moment after all. */
const SETTLE_MS = 100;
const CONTENT_BYTES = 512;

/** What the lock file says. */
interface LockContent extends ProcessIdentity {
  readonly owner: string;
  readonly renewals: number;
  /** Inode of the folder: a copied home has a copied lock, and nobody in it. */
  readonly folder: number;
}

/** Another process owns the home now, or its lock was removed. */
export class LostOwnershipError extends ExitError {
  constructor(path: string, why: string) {
    super(
      exitCodes.permanent,
      `${path} ${why}, so this daemon stops before it writes anything more. Find out what else uses this home: each daemon needs its own (OCMESH_HOME).`,
    );
  }
}

/** The right to write to a home. */
export interface Ownership {
  /** Takes microseconds. @throws LostOwnershipError if the home is no longer ours */
  check(): void;
  /** Gives up the home. */
  release(): void;
}

export interface OwnershipDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Called once, if a renewal finds that the home was lost. */
  readonly onLost?: (error: LostOwnershipError) => void;
}

/**
 * Takes the home for this process. Waits for an owner that is exiting, and some seconds for one it cannot see.
 * @throws ExitError 78 if a running daemon owns it, 75 if one is still exiting
 */
export async function takeOwnership(path: string, deps: OwnershipDeps): Promise<Ownership> {
  const { clock } = deps;
  const owner = toHex(deps.random.bytes(16));
  for (;;) {
    const file = create(path);
    if (file !== null) {
      writeOrRemove(file, path, path, owner);
      return own(path, file, owner, deps);
    }
    const judged = await waitUntilGone(path, clock);
    if (judged === null) continue;
    const taken = takeOver(path, judged, owner);
    if (taken === null) {
      // Another starter is faster, or died while it took over.
      await waitForClaim(claimOf(path, ownerOf(judged)), clock);
      continue;
    }
    const ownership = own(path, taken, owner, deps);
    await pause(clock, SETTLE_MS);
    try {
      ownership.check();
      return ownership;
    } catch {
      // Another starter took over at the same moment: from here on it counts like any owner.
      ownership.release();
    }
  }
}

/**
 * Finds the owner of a home; null if it has no lock. Waits like a starter if the owner's process cannot be seen.
 * `isRunning` is false for an owner that has exited, or is about to.
 */
export async function findOwner(
  path: string,
  clock: Clock,
): Promise<{ readonly pid: number | null; readonly isRunning: boolean } | null> {
  const text = readOr(path);
  if (text === null) return null;
  const pid = parse(text)?.pid ?? null;
  try {
    await waitUntilGone(path, clock);
    return { pid, isRunning: false };
  } catch (error) {
    if (!(error instanceof ExitError)) throw error;
    return { pid, isRunning: error.exitCode === exitCodes.permanent };
  }
}

/** Creates a lock file; null if there is one. */
function create(path: string): number | null {
  try {
    return openSync(path, 'wx+', 0o600);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return null;
    throw error;
  }
}

/**
 * Resolves with the text of a lock whose owner is gone; null if the lock itself is gone.
 * @throws ExitError if the owner is running, or does not finish exiting
 */
async function waitUntilGone(path: string, clock: Clock): Promise<string | null> {
  const first = readOr(path);
  const startedAt = clock.monotonic();
  for (let text = first; text !== null; text = readOr(path)) {
    const content = parse(text);
    const state = ownerState(path, content);
    const pid = content?.pid ?? null;
    const hasRenewed = text !== first;
    const waitedMs = clock.monotonic() - startedAt;
    if (state === 'gone') return text;
    if (state === 'running' || (state === 'unknown' && hasRenewed)) throw isRunning(pid);
    if (state === 'exiting' && waitedMs >= EXITING_MS) throw isExiting(pid);
    if (state === 'unknown' && waitedMs >= GONE_MS) return text;
    await pause(clock, LOOK_MS);
  }
  return null;
}

/**
 * Replaces the lock of an owner that is gone. Only the starter that created the claim with that owner's id may do so:
 * between a read and a rename another one may have taken over. Needs no hard links, which some file systems lack.
 * @returns the open lock file; null if another starter has the claim, or was faster
 */
function takeOver(path: string, judged: string, owner: string): number | null {
  const claim = claimOf(path, ownerOf(judged));
  const claimed = create(claim);
  if (claimed === null) return null;
  closeSync(claimed);
  const mine = `${path}.${owner}`;
  try {
    if (ownerOf(readOr(path)) !== ownerOf(judged)) return null;
    // Written before it gets its name, so that nobody reads an incomplete lock.
    const file = openSync(mine, 'wx+', 0o600);
    writeOrRemove(file, mine, path, owner);
    renameSync(mine, path);
    return file;
  } finally {
    rmSync(mine, { force: true });
    rmSync(claim, { force: true });
  }
}

/** A claim exists for microseconds: one that stays was left by a starter that died. */
async function waitForClaim(claim: string, clock: Clock): Promise<void> {
  const left = await pollUntil(clock, { everyMs: CLAIM_LOOK_MS, forMs: GONE_MS }, () =>
    readOr(claim) === null ? 'gone' : null,
  );
  if (left === null) rmSync(claim, { force: true });
}

function own(path: string, file: number, owner: string, { clock, onLost }: OwnershipDeps): Ownership {
  const { ino, dev } = fstatSync(file);
  let renewals = 0;
  let isOver = false;

  function check(): void {
    if (isOver) throw new LostOwnershipError(path, 'was given up');
    try {
      const seen = lstatSync(path);
      if (seen.ino === ino && seen.dev === dev) return;
    } catch (error) {
      const isGone = errnoOf(error) === 'ENOENT';
      throw new LostOwnershipError(path, isGone ? 'was removed' : `cannot be read (${String(error)})`);
    }
    // Inode numbers are not stable on every file system.
    if (ownerOf(readOr(path)) !== owner) throw new LostOwnershipError(path, 'belongs to another daemon now');
  }

  /** Writes to the open file, so the lock of another owner under the same name is safe. */
  function renew(): void {
    try {
      check();
    } catch (error) {
      stop();
      onLost?.(error as LostOwnershipError);
      return;
    }
    try {
      writeContent(file, path, owner, ++renewals);
    } catch {
      // Perhaps the disk is full. The next renewal may work.
    }
  }

  const cancel = every(clock, RENEW_MS, renew);
  function stop(): void {
    if (isOver) return;
    isOver = true;
    cancel();
    closeSync(file);
  }

  return {
    check,
    release() {
      if (isOver) return;
      stop();
      giveUp(path, owner);
    },
  };
}

/** Removes our lock, unless a starter is replacing it at this moment. */
function giveUp(path: string, owner: string): void {
  // The home may have been moved, with its lock.
  if (!existsSync(dirname(path))) return;
  const claim = claimOf(path, owner);
  const claimed = create(claim);
  if (claimed === null) return;
  closeSync(claimed);
  try {
    if (ownerOf(readOr(path)) === owner) rmSync(path, { force: true });
  } finally {
    rmSync(claim, { force: true });
  }
}

const claimOf = (path: string, owner: string | null): string => `${path}.claim-${owner ?? 'unreadable'}`;

/** Writes the first content of a new lock. If the disk is full, nothing stays that the next starter would have to wait for. */
function writeOrRemove(file: number, name: string, path: string, owner: string): void {
  try {
    writeContent(file, path, owner, 0);
  } catch (error) {
    closeSync(file);
    rmSync(name, { force: true });
    throw error;
  }
}

/** Always has the same length, so that overwriting it never leaves a remainder. */
function writeContent(file: number, path: string, owner: string, renewals: number): void {
  const content: LockContent = { owner, renewals, folder: folderOf(path), ...ownProcess() };
  writeSync(file, `${JSON.stringify(content).padEnd(CONTENT_BYTES - 1)}\n`, 0);
}

const folderOf = (path: string): number => statSync(dirname(path)).ino;

/** In a copied home, the lock names a process that owns the original. */
const ownerState = (path: string, content: LockContent | null): ProcessState =>
  content && (content.folder ?? folderOf(path)) === folderOf(path) ? stateOf(content) : 'unknown';

function parse(text: string): LockContent | null {
  try {
    const content = JSON.parse(text) as LockContent;
    return Number.isInteger(content.pid) && content.pid > 0 ? content : null;
  } catch {
    return null;
  }
}

/** The id of the owner; for a lock of version 0.3, which has none, the process it names. */
const ownerOf = (text: string | null): string | null => {
  const { owner, pid, started } = (text === null ? null : parse(text)) ?? {};
  if (pid === undefined) return null;
  return typeof owner === 'string' && /^[0-9a-f]{32}$/.test(owner) ? owner : `${pid}-${Number(started)}`;
};

const readOr = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
};

const isRunning = (pid: number | null): ExitError =>
  new ExitError(
    exitCodes.permanent,
    `Another ocmesh daemon${pid === null ? '' : ` (pid ${pid})`} uses this home. Stop it, or set OCMESH_HOME to another folder.`,
  );
const isExiting = (pid: number | null): ExitError =>
  new ExitError(
    exitCodes.tryAgain,
    `Another ocmesh daemon${pid === null ? '' : ` (pid ${pid})`} is still exiting. Try again in a few seconds.`,
  );
