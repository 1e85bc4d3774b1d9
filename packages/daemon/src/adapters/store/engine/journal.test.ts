import { describe, expect, it } from 'vitest';
import { createMemoryFiles, type MemoryFiles } from '../../../../test/support/memory-files.ts';
import type { Command } from '../sql/statements.ts';
import {
  CHUNK_BYTES,
  createSegment,
  listSegments,
  readSegment,
  type Segment,
  segmentPath,
} from './journal.ts';

const STORE = '/home/ocmesh.db';
const KEY = new Uint8Array(32).fill(3);
const HEADER_BYTES = 64;
const PATH = segmentPath(STORE, 5);

const command = (text: string): Command => [0, text, 1, null];
const read = (files: MemoryFiles, number = 5) => readSegment(files, STORE, KEY, number);

async function write(segment: Segment, sequence: number, ...texts: string[]): Promise<number> {
  const frame = segment.seal(
    sequence,
    texts.map((text) => [command(text)]),
  );
  await segment.reserve(frame.length);
  segment.append(frame);
  await segment.datasync();
  return frame.length;
}

/** A segment with four frames. */
async function someSegment() {
  const files = createMemoryFiles();
  const segment = await createSegment(files, STORE, KEY, 5, 1);
  const starts: number[] = [];
  for (const [at, text] of ['one', 'two', 'three', 'four'].entries()) {
    starts.push(HEADER_BYTES + segment.bytes());
    await write(segment, at, text);
  }
  const bytes = files.contents().get(PATH) as Buffer;
  /** Reads the segment after its bytes were changed. */
  const readMutated = (mutate: (bytes: Buffer) => Buffer | undefined) => {
    const copy = Buffer.from(bytes);
    return read(createMemoryFiles(new Map([[PATH, mutate(copy) ?? copy]])));
  };
  return { files, segment, bytes, starts, end: HEADER_BYTES + segment.bytes(), readMutated };
}

const flip = (bytes: Buffer, at: number): undefined => {
  bytes[at] = (bytes[at] as number) ^ 0x10;
};

describe('a segment', () => {
  it('returns what was written, in order', async () => {
    const { files, segment } = await someSegment();
    const { schema, frames, bytes, torn } = read(files);
    expect(frames.map(({ firstSequence }) => firstSequence)).toEqual([0, 1, 2, 3]);
    expect(frames.flatMap(({ transactions }) => transactions)).toEqual(
      ['one', 'two', 'three', 'four'].map((text) => [command(text)]),
    );
    expect({ schema, bytes, torn }).toEqual({ schema: 1, bytes: segment.bytes(), torn: false });
  });

  it('is empty if nothing was written', async () => {
    const files = createMemoryFiles();
    await createSegment(files, STORE, KEY, 5, 1);
    expect(read(files)).toEqual({ schema: 1, frames: [], bytes: 0, torn: false });
  });

  it('has its own key, and so other bytes each time', async () => {
    const [one, other] = [await someSegment(), await someSegment()];
    expect(one.bytes.subarray(32, 48)).not.toEqual(other.bytes.subarray(32, 48));
    expect(one.bytes.subarray(64, 80)).not.toEqual(other.bytes.subarray(64, 80));
  });

  it('gets its name only when it is complete, so that a start works after a power cut inside its header', async () => {
    const files = createMemoryFiles();
    await createSegment(files, STORE, KEY, 5, 1);
    const steps = files.operations.map((one) => one.op);
    expect(steps).toEqual(['create', 'write', 'write', 'sync', 'rename', 'syncFolder']);
    expect(files.operations.at(4)).toEqual({ op: 'rename', path: `${PATH}.new`, to: PATH });
    // An unfinished file is not listed.
    expect(listSegments(createMemoryFiles(new Map([[`${PATH}.new`, Buffer.alloc(20)]])), STORE)).toEqual([]);
  });

  it('is refused under another number, with another key, and with any byte of its header changed', async () => {
    const { bytes, readMutated } = await someSegment();
    const moved = createMemoryFiles(new Map([[segmentPath(STORE, 6), bytes]]));
    expect(() => read(moved, 6)).toThrow(/damaged header/);
    const files = createMemoryFiles(new Map([[PATH, bytes]]));
    expect(() => readSegment(files, STORE, new Uint8Array(32).fill(4), 5)).toThrow(/damaged header/);
    for (let at = 0; at < HEADER_BYTES; at++) {
      expect(() => readMutated((copy) => flip(copy, at))).toThrow(/header/);
    }
  });

  it('is refused when truncated anywhere', async () => {
    const { bytes, starts, end, readMutated } = await someSegment();
    for (const length of [0, 1, 63, 64, ...starts, end - 1, end, end + 1, bytes.length - 1]) {
      expect(() => readMutated((copy) => copy.subarray(0, length))).toThrow(/was truncated/);
    }
  });

  it('ends before a last frame that is torn at any byte', async () => {
    const { starts, end, readMutated } = await someSegment();
    // Of the length, its first four bytes, only the last is not zero.
    for (let torn = (starts[3] as number) + 4; torn < end; torn++) {
      const { frames, torn: isTorn } = readMutated((copy) => void copy.fill(0, torn));
      expect(frames).toHaveLength(3);
      expect(isTorn).toBe(true);
    }
  });

  it('is refused when a frame in the middle is damaged, even by one bit', async () => {
    const { starts, readMutated } = await someSegment();
    for (let at = starts[1] as number; at < (starts[3] as number); at++) {
      expect(() => readMutated((copy) => flip(copy, at))).toThrow(/is damaged/);
    }
  });

  it('is refused when frames are swapped or missing', async () => {
    const { starts, end, readMutated } = await someSegment();
    const [first = 0, second = 0, third = 0] = starts;
    expect(() =>
      readMutated((copy) => {
        const one = Buffer.from(copy.subarray(first, second));
        const two = Buffer.from(copy.subarray(second, third));
        two.copy(copy, first);
        one.copy(copy, first + two.length);
        return undefined;
      }),
    ).toThrow(/is damaged/);
    expect(() =>
      readMutated((copy) => {
        copy.copyWithin(second, third, end);
        return undefined;
      }),
    ).toThrow(/is damaged/);
  });

  it('grows by whole chunks that are on disk before they are used', async () => {
    const files = createMemoryFiles();
    const segment = await createSegment(files, STORE, KEY, 5, 1);
    const before = files.operations.length;
    const long = 'x'.repeat(2.5 * CHUNK_BYTES);
    await write(segment, 0, long);
    await write(segment, 1, 'short');
    expect(files.operations.slice(before).map(({ op }) => op)).toEqual([
      ...['write', 'sync'],
      ...['write', 'sync'],
      ...['write', 'sync'],
      ...['write', 'sync'],
    ]);
    expect(files.contents().get(PATH)?.length).toBe(HEADER_BYTES + 3 * CHUNK_BYTES);
    expect(read(files).frames.flatMap(({ transactions }) => transactions)).toEqual([
      [command(long)],
      [command('short')],
    ]);
  });

  it('keeps everything after a crash while it grew', async () => {
    const { bytes, readMutated } = await someSegment();
    for (const extra of [1, 1000, CHUNK_BYTES - 1]) {
      const { frames, torn } = readMutated(() => Buffer.concat([bytes, Buffer.alloc(extra)]));
      expect(frames).toHaveLength(4);
      expect(torn).toBe(false);
    }
  });

  it('is refused when truncated in a later chunk, or at its edge', async () => {
    const files = createMemoryFiles();
    const segment = await createSegment(files, STORE, KEY, 5, 1);
    for (let at = 0; at < 3; at++) await write(segment, at, 'x'.repeat(CHUNK_BYTES * 0.6));
    const bytes = files.contents().get(PATH) as Buffer;
    const frame = segment.bytes() / 3;
    const edge = HEADER_BYTES + CHUNK_BYTES;
    for (const length of [
      edge,
      edge + 1,
      HEADER_BYTES + 2 * frame - 1,
      HEADER_BYTES + 2 * frame,
      bytes.length - CHUNK_BYTES / 2,
    ]) {
      const cut = createMemoryFiles(new Map([[PATH, bytes.subarray(0, length)]]));
      expect(() => read(cut)).toThrow(/was truncated/);
    }
  });

  it('reuses only the index of a frame that found no room', async () => {
    const files = createMemoryFiles();
    const segment = await createSegment(files, STORE, KEY, 5, 1);
    await write(segment, 0, 'one');
    segment.seal(1, [[command('never written')]]);
    await write(segment, 1, 'two');
    expect(read(files).frames).toHaveLength(2);
  });
});

describe(listSegments, () => {
  it('lists only the segments of this store, in order', () => {
    const names = [
      'ocmesh.db-wal.00000010',
      'ocmesh.db-wal.00000002',
      'ocmesh.db',
      'ocmesh.db-wal.00000003.new',
    ];
    const others = ['ocmesh.db.schema-1-wal.00000001', 'ocmesh.db-wal.1', 'other.db-wal.00000007'];
    const disk = new Map([...names, ...others].map((name) => [`/home/${name}`, Buffer.alloc(0)]));
    expect(listSegments(createMemoryFiles(disk), STORE)).toEqual([2, 10]);
  });
});
