import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const CHUNK_BYTES = 64 * 1024;
const LINE_END = 10;

/** Reads a log file that grows and is rotated daily. */
export interface LogReader {
  /** Returns the last lines, from rotated files too if the current one has too few. */
  last(count: number): string[];
  /** Returns the lines written since, including the end of a file that was rotated. */
  next(): string[];
  close(): void;
}

/** @param archive folder of the rotated files */
export function openLog(path: string, archive: string): LogReader {
  let file = tryOpen(path);
  let position = 0;
  let rest: Buffer = Buffer.alloc(0);

  /** Returns the complete lines after the position. */
  function readLines(): string[] {
    if (file === null) return [];
    // Truncated in place.
    if (fstatSync(file).size < position) position = 0;
    const chunks = [rest];
    for (;;) {
      const chunk = readAt(file, position, CHUNK_BYTES);
      if (chunk.length === 0) break;
      position += chunk.length;
      chunks.push(chunk);
    }
    const bytes = Buffer.concat(chunks);
    const end = bytes.lastIndexOf(LINE_END) + 1;
    rest = bytes.subarray(end);
    return linesOf(bytes.subarray(0, end));
  }

  function isRotated(): boolean {
    if (file === null) return true;
    const [now, open] = [statSync(path, { throwIfNoEntry: false }), fstatSync(file)];
    // In the middle of a rotation there is no file: keep the old one until the new one exists.
    return now !== undefined && (now.ino !== open.ino || now.dev !== open.dev);
  }

  function close(): void {
    if (file !== null) closeSync(file);
    file = null;
  }

  return {
    last(count) {
      let lines: string[] = [];
      if (file !== null) {
        position = fstatSync(file).size;
        lines = linesOf(readEnd(file, position, count)).slice(-count);
      }
      for (const older of archived(archive)) {
        if (lines.length >= count) break;
        lines = [...linesOf(older()), ...lines].slice(-count);
      }
      return count === 0 ? [] : lines;
    },
    next() {
      // Checked before reading: by then everything is written to the old file.
      const isOver = isRotated();
      const lines = readLines();
      if (!isOver) return lines;
      close();
      file = tryOpen(path);
      position = 0;
      rest = Buffer.alloc(0);
      return [...lines, ...readLines()];
    },
    close,
  };
}

/** Reads enough of the end to have the lines: a day's log may be long. */
function readEnd(file: number, size: number, count: number): Buffer {
  const chunks: Buffer[] = [];
  let start = size;
  for (let ends = 0; start > 0 && ends <= count; ) {
    const length = Math.min(CHUNK_BYTES, start);
    start -= length;
    const chunk = readAt(file, start, length);
    for (const byte of chunk) if (byte === LINE_END) ends++;
    chunks.unshift(chunk);
  }
  return Buffer.concat(chunks);
}

function readAt(file: number, position: number, length: number): Buffer {
  const chunk = Buffer.alloc(length);
  return chunk.subarray(0, readSync(file, chunk, 0, length, position));
}

/** `ocmesh-2026-01-31.log`; a second one of that day is `ocmesh-2026-01-31.1.log`; compressed ones end in `.gz`. */
const ARCHIVED = /^ocmesh-(\d+-\d\d-\d\d)(?:\.(\d+))?\.log(\.gz)?$/;

/** Returns functions that read the rotated files, newest first. */
function archived(folder: string): (() => Buffer)[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .flatMap((name) => {
      const [found, day = '', number = '0', ending] = ARCHIVED.exec(name) ?? [];
      return found
        ? [{ path: join(folder, name), day, number: Number(number), compressed: ending !== undefined }]
        : [];
    })
    .sort((a, b) => (a.day === b.day ? b.number - a.number : a.day < b.day ? 1 : -1))
    .map(
      ({ path, compressed }) =>
        () =>
          compressed ? gunzipSync(readFileSync(path)) : readFileSync(path),
    );
}

const linesOf = (bytes: Buffer): string[] => bytes.toString('utf8').split('\n').filter(Boolean);

function tryOpen(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
