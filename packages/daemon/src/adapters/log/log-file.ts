import { fstatSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Cancel, Clock, UnixMs } from '@ocmesh/shared/ambient';
import { createDailyFile, type DailyFileBounds } from './daily-file.ts';
import { createDays } from './days.ts';
import { logLimits } from './limits.ts';
import { formatLine } from './line-format.ts';
import { createLineQueue } from './line-queue.ts';
import { createLostLines } from './lost-lines.ts';
import type { OpenFile } from './open-file.ts';

/** Lines are written together, after this pause or when this much waits: a write for each line is slow. */
const PAUSE_MS = 50;
const FULL_CHARS = 64 * 1024;
/** Time for the write that is under way when the process ends. */
const LAST_WRITE_MS = 200;

export interface LogFileBounds extends DailyFileBounds {
  readonly logWaitingChars: number;
}

export interface LogFile {
  /** Accepts one line, including its line end. Never throws. */
  write(line: string, timeMs: UnixMs): void;
  /** Lines lost since the start: the disk refused them, or too many were waiting. */
  lost(): number;
  /** Writes everything that waits before it returns: the process may end. */
  close(): void;
}

/** Bytes for one write. */
interface Chunk {
  readonly target: OpenFile;
  readonly bytes: Buffer;
  /** Length of what precedes the lines: a line end after a torn line, and the report of losses. */
  readonly headBytes: number;
  readonly reportedLosses: number;
}

/** How much of a chunk was written, and why not all of it. */
interface Outcome {
  readonly written: number;
  readonly reason?: unknown;
}

const writeSome = promisify(write);

/**
 * The log file: written in batches outside the event loop, rotated at local midnight, then compressed into `folder`.
 * Lines that the disk refuses are counted, and the log reports them once it can be written again.
 * @throws the system's error when the file cannot be opened
 */
export function createLogFile(
  path: string,
  folder: string,
  { clock }: { readonly clock: Clock },
  bounds: LogFileBounds = logLimits,
): LogFile {
  const dayOf = createDays();
  const waiting = createLineQueue(dayOf, bounds.logWaitingChars);
  const losses = createLostLines();
  let underWay: Chunk | null = null;
  let draining = false;
  let closed = false;
  let cancelPause: Cancel | null = null;
  const file = createDailyFile(path, folder, { clock, dayOf, warn }, bounds);

  function warn(message: string, reason: unknown): void {
    const nowMs = clock.now();
    add(formatLine(nowMs, 'warn', message, { reason: String(reason) }), nowMs);
  }

  function add(line: string, timeMs: UnixMs): void {
    if (closed) return;
    if (waiting.add(line, timeMs)) plan();
    else losses.add(1, 'the disk is too slow');
  }

  function plan(): void {
    if (draining || closed || waiting.chars() === 0) return;
    if (waiting.chars() >= FULL_CHARS) void drain();
    else cancelPause ??= clock.after(PAUSE_MS, () => void drain());
  }

  async function drain(): Promise<void> {
    cancelPause?.();
    cancelPause = null;
    draining = true;
    // Lines that arrive meanwhile wait for the next round: otherwise each would get its own write after all.
    for (let left = waiting.batches(); left > 0 && !closed; left--) {
      const chunk = nextChunk();
      if (chunk) await deliver(chunk);
    }
    draining = false;
    plan();
  }

  /** The oldest batch, ready to be written; null when it had to be dropped. */
  function nextChunk(): Chunk | null {
    const batch = waiting.takeOldest();
    if (!batch) return null;
    const { day, text } = batch;
    try {
      const target = file.forDay(day, text.length);
      const reportedLosses = losses.unreported();
      const fields = { lines: reportedLosses, reason: losses.reason() };
      const report = reportedLosses > 0 ? formatLine(clock.now(), 'warn', 'log lines were lost', fields) : '';
      const head = (target.isTorn() ? '\n' : '') + report;
      return {
        target,
        bytes: Buffer.from(head + text),
        headBytes: Buffer.byteLength(head),
        reportedLosses,
      };
    } catch (error) {
      losses.add(countLines(Buffer.from(text)), error);
      return null;
    }
  }

  async function deliver(chunk: Chunk): Promise<void> {
    underWay = chunk;
    // After a close in between, the rest counts as lost.
    const outcome = await writeChunk(chunk, () => closed);
    underWay = null;
    account(chunk, outcome);
  }

  function account({ target, bytes, headBytes, reportedLosses }: Chunk, { written, reason }: Outcome): void {
    target.grow(bytes.subarray(0, written));
    if (written >= headBytes) losses.markReported(reportedLosses);
    if (written === bytes.length) return;
    losses.add(countLines(bytes.subarray(Math.max(written, headBytes))), reason);
    // The next attempt opens the path again.
    file.release(target);
  }

  return {
    write: add,
    lost: losses.total,
    close() {
      if (closed) return;
      closed = true;
      cancelPause?.();
      if (underWay && isWrittenSoon(underWay)) {
        account(underWay, { written: underWay.bytes.length });
        underWay = null;
      }
      while (waiting.batches() > 0) {
        const chunk = nextChunk();
        if (chunk) account(chunk, writeChunkNow(chunk));
      }
      // While a write is under way, closing is left to the system.
      if (!underWay) file.close();
    },
  };
}

/** @param isStopped checked between two partial writes */
async function writeChunk({ target, bytes }: Chunk, isStopped: () => boolean): Promise<Outcome> {
  let written = 0;
  try {
    while (written < bytes.length && !(isStopped() && written > 0)) {
      written += (await writeSome(target.fd, bytes, written)).bytesWritten;
    }
  } catch (reason) {
    return { written, reason };
  }
  return { written };
}

function writeChunkNow({ target, bytes }: Chunk): Outcome {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(target.fd, bytes, written);
  } catch (reason) {
    return { written, reason };
  }
  return { written };
}

/** Waits for a write that is under way. In the last turn of the process only the file's size shows that it is done. */
function isWrittenSoon({ target, bytes }: Chunk): boolean {
  const expected = target.size() + bytes.length;
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let ms = 0; ms < LAST_WRITE_MS; ms++) {
    if (fstatSync(target.fd).size >= expected) return true;
    Atomics.wait(never, 0, 0, 1);
  }
  return false;
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 10) lines++;
  return lines;
}
