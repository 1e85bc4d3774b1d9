import { createReadStream, mkdirSync, readdirSync, statSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@ocmesh/shared/ambient';
import { encodeRecord, type StoredRecord } from './stored-record.ts';

const SEGMENT_NAME = /^events-(\d{8})\.log$/;
/** Bytes of one write of a snapshot: long writes delay the events of clients. */
const WRITE_BYTES = 1024 * 1024;
/** Write permission for group and others. */
const OTHERS_WRITE = 0o022;

/** A file of records. Numbers give the order in which segments are read. */
interface Segment {
  readonly number: number;
  readonly bytes: number;
}

/** The segments in a folder. None is changed once its successor exists, and none is ever replaced. */
export interface SegmentFiles {
  list(): Promise<Segment[]>;
  /** Returns the lines of a segment. What follows the last line feed is a write that was cut short. */
  read(number: number): AsyncIterable<string>;
  /** Opens a new, empty segment for appending. */
  create(number: number): Promise<FileHandle>;
  /** Writes a whole segment: it is complete, or it does not exist. */
  write(number: number, records: readonly StoredRecord[], mayRename: () => void): Promise<number>;
  remove(number: number): Promise<void>;
}

/** Creates the folder if it is missing. Throws the system's error if it cannot be used. */
export function openSegmentFiles(folder: string, log: Log): SegmentFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // The files are private in any case, but whoever may write to the folder could replace them.
  if ((statSync(folder).mode & OTHERS_WRITE) !== 0)
    log.warn('others may write to the data folder', { folder });
  const pathOf = (number: number): string => join(folder, `events-${String(number).padStart(8, '0')}.log`);

  const create = (path: string): Promise<FileHandle> => open(path, 'wx', 0o600);

  return {
    async list() {
      const names = readdirSync(folder);
      // Left by a process that ended while it wrote a snapshot.
      for (const name of names.filter((each) => /^events-\d{8}\.log\.new$/.test(each)))
        await rm(join(folder, name), { force: true });
      return names
        .flatMap((name) => {
          const number = Number(SEGMENT_NAME.exec(name)?.[1] ?? Number.NaN);
          return Number.isNaN(number) ? [] : [{ number, bytes: statSync(join(folder, name)).size }];
        })
        .sort((a, b) => a.number - b.number);
    },
    read: (number) => linesOf(pathOf(number)),
    async create(number) {
      const file = await create(pathOf(number));
      await syncFolder(folder);
      return file;
    },
    async write(number, records, mayRename) {
      const unfinished = `${pathOf(number)}.new`;
      const file = await create(unfinished);
      let bytes = 0;
      try {
        for (const text of chunks(records)) {
          await file.writeFile(text);
          bytes += Buffer.byteLength(text);
        }
        await file.datasync();
        await file.close();
        mayRename();
        await rename(unfinished, pathOf(number));
      } catch (error) {
        await file.close().catch(() => undefined);
        await rm(unfinished, { force: true });
        throw error;
      }
      await syncFolder(folder);
      return bytes;
    },
    remove: (number) => rm(pathOf(number), { force: true }),
  };
}

function* chunks(records: readonly StoredRecord[]): Generator<string, void> {
  let text = '';
  for (const record of records) {
    text += encodeRecord(record);
    if (text.length < WRITE_BYTES) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

// Not `readline`: it also splits at U+2028, which JSON may contain.
async function* linesOf(path: string): AsyncGenerator<string, void> {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: WRITE_BYTES })) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      yield bytes.toString('utf8', start, end);
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
}

/** Puts the name of a new file on disk, where the system can do that: Windows cannot. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The file itself is on disk.
  }
}
