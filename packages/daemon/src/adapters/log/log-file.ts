import { fstatSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Cancel, Clock, UnixMs } from '@ocmesh/shared/ambient';
import { createDailyFile, type DailyFileBounds } from './daily-file.ts';
import { createDays } from './days.ts';
import { logLimits } from './limits.ts';
import { formatLine } from './line-format.ts';
import type { OpenFile } from './open-file.ts';

/** A write for each line is what makes a log slow: lines wait so long, or until there are so many. */
const PAUSE_MS = 50;
const FULL_CHARS = 64 * 1024;
/** For the write that is under way when the process ends. */
const LAST_WRITE_MS = 200;

export interface LogFileBounds extends DailyFileBounds {
  readonly logWaitingChars: number;
}

export interface LogFile {
  /** Takes one line with its end. Never throws. */
  write(line: string, timeMs: UnixMs): void;
  /** Lines since the start that the disk did not take, or that had no room to wait for it. */
  lost(): number;
  /** Writes what waits before it returns: the process may end. */
  close(): void;
}

/** Lines of one day, in their order. */
interface Batch {
  readonly day: string;
  text: string;
}

interface Load {
  readonly target: OpenFile;
  readonly bytes: Buffer;
  /** Of `bytes`: what we say ourselves before the lines, and the losses that it tells. */
  readonly headBytes: number;
  readonly told: number;
}

const writeSome = promisify(write);

/**
 * The log file: written in batches outside the event loop, rotated at local midnight, then compressed into `folder`.
 * What the disk does not take is counted, and told in the log once it takes lines again.
 * @throws the system's error when the file cannot be opened
 */
export function createLogFile(
  path: string,
  folder: string,
  { clock }: { readonly clock: Clock },
  bounds: LogFileBounds = logLimits,
): LogFile {
  const dayOf = createDays();
  const waiting: Batch[] = [];
  let waitingChars = 0;
  let lost = 0;
  let untold = 0;
  let whyLost = '';
  let underWay: Load | null = null;
  let draining = false;
  let closed = false;
  let cancelPause: Cancel | null = null;
  const file = createDailyFile(path, folder, { clock, dayOf, warn }, bounds);

  function warn(what: string, reason: unknown): void {
    const nowMs = clock.now();
    take(formatLine(nowMs, 'warn', what, { reason: String(reason) }), nowMs);
  }

  function lose(lines: number, reason: unknown): void {
    lost += lines;
    untold += lines;
    whyLost = String(reason);
  }

  function take(line: string, timeMs: UnixMs): void {
    if (closed) return;
    if (waitingChars + line.length > bounds.logWaitingChars) return lose(1, 'the disk is too slow');
    const day = dayOf(timeMs);
    const last = waiting.at(-1);
    if (last?.day === day) last.text += line;
    else waiting.push({ day, text: line });
    waitingChars += line.length;
    plan();
  }

  function plan(): void {
    if (draining || closed || waitingChars === 0) return;
    if (waitingChars >= FULL_CHARS) void drain();
    else cancelPause ??= clock.after(PAUSE_MS, () => void drain());
  }

  async function drain(): Promise<void> {
    cancelPause?.();
    cancelPause = null;
    draining = true;
    // What comes meanwhile waits for the next round: else each line would get a write of its own after all.
    for (let left = waiting.length; left > 0 && !closed; left--) {
      const load = nextLoad();
      if (load) await deliver(load);
    }
    draining = false;
    plan();
  }

  /** The oldest batch, ready to be written; null when there is nowhere to write it. */
  function nextLoad(): Load | null {
    const { day, text } = waiting.shift() as Batch;
    waitingChars -= text.length;
    try {
      const target = file.forDay(day, text.length);
      const nowMs = clock.now();
      const told = untold;
      const losses =
        told > 0 ? formatLine(nowMs, 'warn', 'log lines were lost', { lines: told, reason: whyLost }) : '';
      const head = (target.isTorn() ? '\n' : '') + losses;
      return { target, bytes: Buffer.from(head + text), headBytes: Buffer.byteLength(head), told };
    } catch (error) {
      lose(countLines(Buffer.from(text)), error);
      return null;
    }
  }

  async function deliver(load: Load): Promise<void> {
    const { target, bytes } = load;
    underWay = load;
    let written = 0;
    let reason: unknown;
    try {
      // Where the end came in between, the rest is no longer ours to write.
      while (written < bytes.length && !(closed && written > 0)) {
        written += (await writeSome(target.fd, bytes, written)).bytesWritten;
      }
    } catch (error) {
      reason = error;
    }
    underWay = null;
    account(load, written, reason);
  }

  function account({ target, bytes, headBytes, told }: Load, written: number, reason: unknown): void {
    target.grow(bytes.subarray(0, written));
    if (written >= headBytes) untold -= told;
    if (written === bytes.length) return;
    lose(countLines(bytes.subarray(Math.max(written, headBytes))), reason);
    // A new attempt begins with a new look at the path.
    file.letGo(target);
  }

  /** In the last turn of the process nothing else tells that the system is done with it. */
  function awaitLastWrite(load: Load): void {
    const expected = load.target.size() + load.bytes.length;
    const nobody = new Int32Array(new SharedArrayBuffer(4));
    for (let ms = 0; ms < LAST_WRITE_MS; ms++) {
      if (fstatSync(load.target.fd).size >= expected) {
        account(load, load.bytes.length, null);
        underWay = null;
        return;
      }
      Atomics.wait(nobody, 0, 0, 1);
    }
  }

  function writeWaiting(): void {
    while (waiting.length > 0) {
      const load = nextLoad();
      if (!load) continue;
      let written = 0;
      let reason: unknown;
      try {
        while (written < load.bytes.length) written += writeSync(load.target.fd, load.bytes, written);
      } catch (error) {
        reason = error;
      }
      account(load, written, reason);
    }
  }

  return {
    write: take,
    lost: () => lost,
    close() {
      if (closed) return;
      closed = true;
      cancelPause?.();
      if (underWay) awaitLastWrite(underWay);
      writeWaiting();
      // A file that is still being written is left to the system.
      if (!underWay) file.close();
    },
  };
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 10) lines++;
  return lines;
}
