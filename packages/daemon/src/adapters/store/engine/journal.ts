import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Command } from '../sql/statements.ts';
import type { Files, OpenFile } from './files.ts';
import { hasFrameAfter, isBlank, isNotTorn, openFrame, sealFrame, segmentKey } from './frame.ts';
import { createComplete, replaceFile } from './replace-file.ts';

// The journal: commands committed since the snapshot, in numbered segments next to it. A segment consists of
//   64 bytes header: "OCMESHWL", format, schema, number, salt, GCM tag
//   frames, one for each group commit, in space that was allocated and synced before
// It gets its name only when it is complete, and grows only by whole chunks that are synced before they are used. So a
// file that is shorter than its frames was truncated, and a broken frame with another one behind it was damaged. Only the
// frame that was being written during a crash may be torn, and that one was never acknowledged.

/** The commands of one transaction. */
export type Transaction = readonly Command[];

const MAGIC = 'OCMESHWL';
const FORMAT = 1;
const HEADER_BYTES = 64;
const SEALED_BYTES = 48;
const SALT_AT = 32;
const NUMBER_DIGITS = 8;
/** Space is allocated in chunks of this size: otherwise each fdatasync would also have to write the file's length. */
export const CHUNK_BYTES = 1024 * 1024;
const zeros = Buffer.alloc(CHUNK_BYTES);

/** A damaged segment; the message says how. */
class DamagedSegmentError extends Error {
  constructor(path: string, why: string) {
    super(`${basename(path)} ${why}`);
    this.name = 'DamagedSegmentError';
  }
}

export const segmentPath = (store: string, number: number): string =>
  `${store}-wal.${String(number).padStart(NUMBER_DIGITS, '0')}`;

/** Returns the numbers of the segments next to the snapshot, in order. */
export function listSegments(files: Files, store: string): number[] {
  const prefix = `${basename(store)}-wal.`;
  return files
    .list(dirname(store))
    .filter((name) => name.startsWith(prefix) && /^\d{8}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b);
}

/** Removes the segments before this one. */
export function removeSegments(files: Files, path: string, before: number): void {
  for (const number of listSegments(files, path))
    if (number < before) files.remove(segmentPath(path, number));
}

/** Removes unfinished files that a crash left. */
export function removeUnfinished(files: Files, store: string): void {
  const folder = dirname(store);
  for (const name of files.list(folder)) {
    if (name.startsWith(basename(store)) && name.endsWith('.new')) files.remove(join(folder, name));
  }
}

/** The segment that is written to. */
export interface Segment {
  readonly number: number;
  /** Bytes of frames so far. */
  bytes(): number;
  /** Allocates room for a frame of this size. Resolves when it is safe to use. @throws the system's error if the disk is full */
  reserve(frameBytes: number): Promise<void>;
  /** Writes one frame into the page cache, where room was reserved. */
  append(frame: Buffer): void;
  seal(firstSequence: number, transactions: readonly Transaction[]): Buffer;
  datasync(): Promise<void>;
  /** Whether its file still has a name. */
  isLinked(): boolean;
  close(): void;
}

/** Creates a segment. Resolves when it is on disk under its name. */
export async function createSegment(
  files: Files,
  store: string,
  dataKey: Uint8Array,
  number: number,
  schema: number,
): Promise<Segment> {
  const salt = randomBytes(16);
  const key = segmentKey(dataKey, salt);
  const file = await createComplete(files, segmentPath(store, number), (unfinished) => {
    unfinished.write(header(number, schema, salt, key), 0);
    unfinished.write(zeros, HEADER_BYTES);
  });
  return writer(file, number, key);
}

/**
 * Writes a segment to disk once more. What a process wrote but did not sync before it died can still be read by the next
 * one, but a power cut could remove it, and with it everything that builds on it.
 */
export async function settleSegment(files: Files, store: string, number: number): Promise<void> {
  const path = segmentPath(store, number);
  await replaceFile(files, path, files.read(path) ?? new Uint8Array());
}

function writer(file: OpenFile, number: number, key: Uint8Array): Segment {
  let end = HEADER_BYTES;
  let room = HEADER_BYTES + CHUNK_BYTES;
  let index = 0;
  return {
    number,
    bytes: () => end - HEADER_BYTES,
    async reserve(frameBytes) {
      while (end + frameBytes > room) {
        file.write(zeros, room);
        await file.sync();
        room += CHUNK_BYTES;
      }
    },
    // A frame that found no room was never written, so its index, which is the nonce, is unused.
    seal(firstSequence, transactions) {
      return sealFrame(key, index + 1, Buffer.from(JSON.stringify([firstSequence, transactions])));
    },
    append(frame) {
      file.write(frame, end);
      end += frame.length;
      index++;
    },
    datasync: () => file.datasync(),
    isLinked: () => file.isLinked(),
    close: () => file.close(),
  };
}

export interface SegmentContent {
  readonly schema: number;
  readonly frames: readonly { firstSequence: number; transactions: readonly Transaction[] }[];
  readonly bytes: number;
  /** Whether the process died while it was writing the last frame. */
  readonly torn: boolean;
}

/** @throws DamagedSegmentError */
export function readSegment(
  files: Files,
  store: string,
  dataKey: Uint8Array,
  number: number,
): SegmentContent {
  const path = segmentPath(store, number);
  const { buffer, byteOffset, byteLength } = files.read(path) ?? new Uint8Array();
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  const damaged = (why: string): never => {
    throw new DamagedSegmentError(path, why);
  };
  if (bytes.length < HEADER_BYTES + CHUNK_BYTES) damaged('was truncated');
  const { schema, key } =
    readHeader(bytes, dataKey, number) ?? damaged('has a damaged header, or belongs to another store');

  const frames: SegmentContent['frames'][number][] = [];
  let position = HEADER_BYTES;
  for (
    let frame = openFrame(key, 1, bytes, position);
    frame;
    frame = openFrame(key, frames.length + 1, bytes, position)
  ) {
    const [firstSequence, transactions] = JSON.parse(frame.plaintext.toString('utf8'));
    frames.push({ firstSequence, transactions });
    position = frame.end;
  }
  const whole = HEADER_BYTES + Math.floor((bytes.length - HEADER_BYTES) / CHUNK_BYTES) * CHUNK_BYTES;
  if (position > whole) damaged('was truncated');
  const torn = !isBlank(bytes, position);
  const next = frames.length + 1;
  if (torn && (isNotTorn(next, bytes, position) || hasFrameAfter(key, next, bytes, position)))
    damaged(`is damaged at byte ${position}, or was truncated`);
  return { schema, frames, bytes: position - HEADER_BYTES, torn };
}

function header(number: number, schema: number, salt: Uint8Array, key: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write(MAGIC, 'latin1');
  bytes.writeUInt32BE(FORMAT, 8);
  bytes.writeUInt32BE(schema, 12);
  bytes.writeUInt32BE(number, 16);
  bytes.set(salt, SALT_AT);
  // Nonce 0 belongs to the header; frames count from 1.
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12)).setAAD(bytes.subarray(0, SEALED_BYTES));
  cipher.final();
  bytes.set(cipher.getAuthTag(), SEALED_BYTES);
  return bytes;
}

function readHeader(
  bytes: Buffer,
  dataKey: Uint8Array,
  number: number,
): { schema: number; key: Uint8Array } | null {
  const key = segmentKey(dataKey, bytes.subarray(SALT_AT, SEALED_BYTES));
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12))
    .setAAD(bytes.subarray(0, SEALED_BYTES))
    .setAuthTag(bytes.subarray(SEALED_BYTES, HEADER_BYTES));
  try {
    decipher.final();
  } catch {
    return null;
  }
  const ours = bytes.toString('latin1', 0, 8) === MAGIC && bytes.readUInt32BE(8) === FORMAT;
  return ours && bytes.readUInt32BE(16) === number ? { schema: bytes.readUInt32BE(12), key } : null;
}
