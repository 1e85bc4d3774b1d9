import { describe, expect, it } from 'vitest';
import { createCrasher } from '../../../test/support/crashed-disk.ts';
import { contentOn, idsIn, openOn, PATH, put, wideText, write } from '../../../test/support/durable-store.ts';
import { createMemoryFiles, createProcess, type MemoryFiles } from '../../../test/support/memory-files.ts';
import { createChance } from '../../../test/support/seed.ts';
import { compactFiles } from './engine/compaction.ts';
import { UnreadableStoreError } from './engine/errors.ts';
import type { Files } from './engine/files.ts';
import { CHUNK_BYTES, listSegments, segmentPath } from './engine/journal.ts';

const turns = async (): Promise<void> => {
  for (let n = 0; n < 10; n++) await new Promise((resolve) => setImmediate(resolve));
};

const count = (files: MemoryFiles, op: string): number =>
  files.operations.filter((one) => one.op === op).length;

/** Counts written frames, without the zeros of new room and without writes of whole files. */
const frames = (files: MemoryFiles): number =>
  files.operations.filter(
    (one) => one.op === 'write' && one.position > 0 && one.bytes.some((byte) => byte !== 0),
  ).length;

const segments = (files: MemoryFiles): number[] => listSegments(files, PATH);

const outcome = (promise: Promise<unknown>) => {
  const found = { is: 'pending' as 'pending' | 'resolved' | 'rejected' };
  promise.then(
    () => {
      found.is = 'resolved';
    },
    () => {
      found.is = 'rejected';
    },
  );
  return found;
};

/** A disk that holds back one kind of sync until it is released. */
function createSlowFiles(kind: 'datasync' | 'sync') {
  const files = createMemoryFiles();
  let release = (): void => {};
  let held: Promise<void> | null = null;
  const slow: Files = {
    ...files,
    create(path) {
      const file = files.create(path);
      return {
        ...file,
        async [kind]() {
          if (held) await held;
          return file[kind]();
        },
      };
    },
  };
  return {
    files,
    slow,
    hold() {
      held = new Promise((resolve) => {
        release = resolve;
      });
    },
    release() {
      held = null;
      release();
    },
  };
}

describe('a transaction', () => {
  it('leaves nothing if its change throws', async () => {
    const files = createMemoryFiles();
    const { store } = await openOn(files);
    await write(store, 'kept');
    const before = files.operations.length;
    const failed = store.transaction((tables) => {
      put(tables, 'undone', 'text');
      throw new Error('changed its mind');
    });
    await expect(failed).rejects.toThrow('changed its mind');
    expect(files.operations).toHaveLength(before);
    expect(await store.read(idsIn)).toEqual(['kept']);
    await write(store, 'later');
    expect(await contentOn(files.contents())).toMatchObject({ ids: ['kept', 'later'], halves: 0 });
  });

  it('that changes nothing writes nothing', async () => {
    const files = createMemoryFiles();
    const { store } = await openOn(files);
    const before = files.operations.length;
    expect(await store.transaction((tables) => tables.messages.lastArrival())).toBe(0);
    expect(files.operations).toHaveLength(before);
  });

  it('settles when it is on disk and not before', async () => {
    const { files, slow, hold, release } = createSlowFiles('datasync');
    const { store } = await openOn(slow);
    hold();
    const written = write(store, 'slow');
    const found = outcome(written);
    await turns();
    expect(found.is).toBe('pending');
    // It is applied at once nevertheless.
    expect(store.peek(idsIn)).toEqual(['slow']);
    const syncs = count(files, 'sync');
    release();
    await written;
    expect(count(files, 'sync')).toBe(syncs + 1);
  });

  it('shares its write with all that arrive during another write', async () => {
    const files = createMemoryFiles();
    const { store } = await openOn(files);
    const before = { frames: frames(files), syncs: count(files, 'sync') };
    await Promise.all(Array.from({ length: 100 }, (_, n) => write(store, `id-${n}`)));
    expect(frames(files) - before.frames).toBe(1);
    expect(count(files, 'sync') - before.syncs).toBe(1);
    const first = write(store, 'first');
    await Promise.resolve();
    await Promise.resolve();
    await Promise.all([first, ...Array.from({ length: 50 }, (_, n) => write(store, `more-${n}`))]);
    expect(frames(files) - before.frames).toBeLessThanOrEqual(3);
    expect((await contentOn(files.contents())).ids).toHaveLength(151);
  });

  it('starts another write before a frame becomes too long', async () => {
    const files = createMemoryFiles();
    const { store } = await openOn(files);
    const before = frames(files);
    // Six bytes a character: 36 MB in one frame if there was no limit.
    const texts = Array.from({ length: 60 }, (_, n) => `id-${n}`);
    await Promise.all(texts.map((id) => write(store, id, wideText(600_000))));
    expect(frames(files) - before).toBe(6);
    expect(await contentOn(files.contents())).toMatchObject({ ids: texts, halves: 0 });
  });

  it('is refused after a close', async () => {
    const { store } = await openOn(createMemoryFiles());
    await store.close();
    await expect(write(store, 'late')).rejects.toMatchObject({ code: 'shutting_down' });
  });
});

describe('read', () => {
  it('returns the state at the time of the call, once that is on disk', async () => {
    const { slow, hold, release } = createSlowFiles('datasync');
    const { store } = await openOn(slow);
    await write(store, 'first');
    hold();
    const second = write(store, 'second');
    const reading = store.read(idsIn);
    const found = outcome(reading);
    const third = write(store, 'third');
    await turns();
    expect(found.is).toBe('pending');
    release();
    expect(await reading).toEqual(['first', 'second']);
    await Promise.all([second, third]);
  });

  it('returns what is on disk if the state it read was taken back', async () => {
    const files = createMemoryFiles();
    const { store } = await openOn(files);
    await write(store, 'kept');
    files.fail = (_, __, grows) => {
      if (grows) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    const refused = write(store, 'refused', wideText(CHUNK_BYTES));
    const reading = store.read(idsIn);
    await expect(refused).rejects.toMatchObject({ code: 'storage_full' });
    expect(await reading).toEqual(['kept']);
  });

  it('is refused when memory may be ahead of a disk that failed', async () => {
    const files = createMemoryFiles();
    const { store, failStops } = await openOn(files);
    files.fail = (operation) => {
      if (operation === 'datasync') throw new Error('EIO');
    };
    const reading = Promise.allSettled([write(store, 'unsure'), store.read(idsIn)]);
    expect((await reading).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(failStops).toHaveLength(1);
    await expect(store.read(idsIn)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});

describe('a start', () => {
  it('finds everything in the snapshot after a clean stop', async () => {
    const files = createMemoryFiles();
    const { store } = await openOn(files);
    for (let n = 0; n < 20; n++) await write(store, `id-${n}`);
    await store.close();
    const again = await openOn(files);
    expect(await again.store.read(idsIn)).toHaveLength(20);
    expect(again.store.size().journalBytes).toBe(0);
    expect(segments(files)).toHaveLength(1);
  });

  it('finds everything after a kill', async () => {
    const files = createMemoryFiles();
    for (let run = 0; run < 3; run++) {
      const { store } = await openOn(files);
      for (let n = 0; n < 5; n++) await write(store, `id-${run}-${n}`);
    }
    expect(await contentOn(files.contents())).toMatchObject({ halves: 0 });
    expect((await contentOn(files.contents())).ids).toHaveLength(15);
    expect(segments(files)).toHaveLength(3);
  });

  it('leaves nothing without a write, killed or closed', async () => {
    const files = createMemoryFiles();
    const { store } = await openOn(files);
    await write(store, 'kept');
    for (let n = 0; n < 20; n++) {
      const { store } = await openOn(files);
      if (n % 2 === 0) await store.close();
    }
    expect(segments(files).length).toBeLessThanOrEqual(2);
    expect((await contentOn(files.contents())).ids).toEqual(['kept']);
  });

  it('is refused without the snapshot, even if the journal is empty', async () => {
    const files = createMemoryFiles();
    const { store } = await openOn(files);
    await write(store, 'lost');
    await store.close();
    files.remove(PATH);
    const before = files.operations.length;
    await expect(openOn(files)).rejects.toThrow(UnreadableStoreError);
    expect(files.operations).toHaveLength(before);
  });

  it('changes nothing if it is refused, not even what a crash left', async () => {
    const files = createMemoryFiles();
    await openOn(files);
    const disk = new Map([...files.contents()].map(([path, bytes]) => [path, Buffer.from(bytes)]));
    disk.set(`${PATH}.new`, Buffer.from('may be of use'));
    const bytes = disk.get(PATH) as Buffer;
    bytes[5000] = (bytes[5000] as number) ^ 1;
    const damaged = createMemoryFiles(disk);
    await expect(openOn(damaged)).rejects.toThrow(/ocmesh\.db cannot be read: page 2 is damaged/);
    expect(damaged.operations).toEqual([]);
  });

  it('syncs what a killed process left unsynced, so that later writes survive a power cut', async () => {
    const files = createMemoryFiles();
    const process = createProcess(files);
    const { store } = await openOn(process.files);
    await write(store, 'acknowledged');
    files.fail = (operation) => {
      // The process is killed between writing and syncing.
      if (operation === 'datasync') throw new Error('killed');
    };
    await expect(write(store, 'unsynced')).rejects.toThrow();
    files.fail = () => {};
    const again = await openOn(files);
    expect(await again.store.read(idsIn)).toEqual(['acknowledged', 'unsynced']);
    await write(again.store, 'built upon it');
    const crasher = createCrasher(new Map(), files.operations);
    crasher.advance(files.operations.length);
    for (let seed = 0; seed < 20; seed++) {
      const { ids } = await contentOn(crasher.crash(createChance(seed)));
      expect(ids).toEqual(['acknowledged', 'unsynced', 'built upon it']);
    }
  });

  it('finds a store, or none yet, after a power cut at any moment of the first two starts', async () => {
    const files = createMemoryFiles();
    await openOn(files);
    await openOn(files);
    const crasher = createCrasher(new Map(), files.operations);
    for (let moment = 0; moment <= files.operations.length; moment++) {
      crasher.advance(moment);
      for (let seed = 0; seed < 5; seed++) {
        const left = createMemoryFiles(crasher.crash(createChance(seed + moment * 5)));
        const { store } = await openOn(left);
        expect(await store.read(idsIn)).toEqual([]);
      }
    }
  });
});

describe('a compaction', () => {
  it('runs while others write, and no write gets lost when the segment is switched', async () => {
    const files = createMemoryFiles();
    const { store, log } = await openOn(files, { compactBytes: 1 });
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < 25; n++) await write(store, `${writer}-${n}`);
      }),
    );
    expect(files.operations.filter((one) => one.op === 'rename' && one.to === PATH).length).toBeGreaterThan(
      3,
    );
    expect(log.lines.filter(({ level }) => level !== 'info')).toEqual([]);
    const { ids, halves } = await contentOn(files.contents());
    expect(ids).toHaveLength(200);
    expect(halves).toBe(0);
    await store.close();
    expect(await contentOn(files.contents())).toEqual({ ids, texts: expect.anything(), halves: 0, torn: 0 });
    expect(segments(files)).toHaveLength(1);
  });

  it('allows a start after a crash between the creation of the next segment and the last write to the old one', async () => {
    const { files, slow, hold } = createSlowFiles('datasync');
    const { store } = await openOn(slow, { compactBytes: 1 });
    await write(store, 'acknowledged');
    // The compaction is creating segment 2 now.
    hold();
    const last = outcome(write(store, 'in flight'));
    await turns();
    expect(segments(files)).toEqual([1, 2]);
    expect(last.is).toBe('pending');
    const crasher = createCrasher(new Map(), files.operations);
    crasher.advance(files.operations.length);
    for (let seed = 0; seed < 30; seed++) {
      const left = crasher.crash(createChance(seed));
      expect((await contentOn(left)).ids[0]).toBe('acknowledged');
      const again = createMemoryFiles(left);
      const { store } = await openOn(again);
      await write(store, 'afterwards');
      expect((await contentOn(again.contents())).ids.at(-1)).toBe('afterwards');
    }
  });

  it('changes nothing if it fails, and needs no segment for each attempt', async () => {
    const files = createMemoryFiles();
    let attempts = 0;
    let works = false;
    const { store, clock, log } = await openOn(files, {
      compactBytes: 1,
      compact: async () => {
        attempts++;
        if (!works) throw new Error('no room for a snapshot');
        return 1;
      },
    });
    for (let n = 0; n < 20; n++) {
      await write(store, `id-${n}`);
      await turns();
      await clock.advance(61_000);
    }
    expect(attempts).toBe(20);
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(20);
    expect(segments(files)).toEqual([1, 2]);
    expect((await contentOn(files.contents())).ids).toHaveLength(20);
    works = true;
  });

  it('compacts only closed segments after a failure, and the rest the next time', async () => {
    const files = createMemoryFiles();
    let fails = true;
    const { store, clock } = await openOn(files, {
      compactBytes: 1,
      compact: (job) => (fails ? Promise.reject(new Error('not now')) : compactFiles(files, job)),
    });
    await write(store, 'one');
    await turns();
    fails = false;
    await clock.advance(61_000);
    await write(store, 'two');
    await turns();
    expect(segments(files)).toEqual([2]);
    await write(store, 'three');
    await turns();
    expect(segments(files)).toEqual([3]);
    expect((await contentOn(files.contents())).ids).toEqual(['one', 'two', 'three']);
  });

  it('runs after eight starts that were killed after a write', async () => {
    const files = createMemoryFiles();
    for (let run = 0; run < 12; run++) {
      const { store } = await openOn(files);
      await write(store, `id-${run}`);
      await turns();
      expect(segments(files).length).toBeLessThanOrEqual(9);
    }
    expect((await contentOn(files.contents())).ids).toHaveLength(12);
  });
});

describe('a full disk', () => {
  const full = Object.assign(new Error('no room'), { code: 'ENOSPC' });

  it('refuses writes until there is room, and keeps the journal readable each time', async () => {
    const files = createMemoryFiles();
    const { store, clock } = await openOn(files);
    for (let n = 0; n < 3; n++) {
      await write(store, `id-${n}`);
      files.fail = (_, __, grows) => {
        if (grows) throw full;
      };
      await expect(write(store, 'refused', wideText(CHUNK_BYTES))).rejects.toMatchObject({
        code: 'storage_full',
      });
      expect(store.refusal()).toMatchObject({ code: 'storage_full' });
      // There is no second attempt at once.
      await expect(write(store, 'too soon')).rejects.toMatchObject({ code: 'storage_full' });
      await clock.advance(500);
      await expect(write(store, 'still full')).rejects.toMatchObject({ code: 'storage_full' });
      files.fail = () => {};
      await clock.advance(500);
    }
    await write(store, 'room again');
    expect(store.refusal()).toBeNull();
    expect((await contentOn(files.contents())).ids).toEqual(['id-0', 'id-1', 'id-2', 'room again']);
  });

  it('is probed once at a time, however slow it is', async () => {
    const { files, slow, hold, release } = createSlowFiles('sync');
    const { store, clock } = await openOn(slow);
    files.fail = (operation) => {
      if (operation === 'write') throw full;
    };
    await expect(write(store, 'refused')).rejects.toMatchObject({ code: 'storage_full' });
    files.fail = () => {};
    hold();
    await clock.advance(500);
    const first = write(store, 'one');
    await clock.advance(500);
    const second = write(store, 'two');
    await turns();
    release();
    await Promise.all([first, second]);
    for (let n = 0; n < 3; n++) await write(store, `id-${n}`, wideText(CHUNK_BYTES / 2));
    expect((await contentOn(files.contents())).ids).toEqual(['one', 'two', 'id-0', 'id-1', 'id-2']);
  });

  it('leaves nothing of a frame that was partly written', async () => {
    const files = createMemoryFiles();
    const { store, clock } = await openOn(files);
    await write(store, 'kept');
    files.fail = (operation) => {
      if (operation === 'write') throw Object.assign(new Error('no room'), { code: 'ENOSPC', written: 0.7 });
    };
    await expect(write(store, 'in part')).rejects.toMatchObject({ code: 'storage_full' });
    expect(await store.read(idsIn)).toEqual(['kept']);
    files.fail = () => {};
    await clock.advance(500);
    await write(store, 'room again');
    expect(await contentOn(files.contents())).toMatchObject({ ids: ['kept', 'room again'], torn: 1 });
    expect(files.contents().has(segmentPath(PATH, 2))).toBe(true);
  });
});

describe('a store that another process took over', () => {
  /** Opens two stores on one disk; the second one takes over. */
  async function takeOver() {
    const files = createMemoryFiles();
    let owner = 'first';
    const open = (name: string) =>
      openOn(files, {
        checkOwnership() {
          if (owner !== name) throw new Error(`${owner} owns the home`);
        },
      });
    const first = await open('first');
    await write(first.store, 'before');
    const second = async () => {
      owner = 'second';
      return open('second');
    };
    return { files, first, second };
  }

  it('acknowledges nothing more, and stops', async () => {
    const { first, second } = await takeOver();
    const { store } = await second();
    await expect(write(first.store, 'too late')).rejects.toThrow();
    expect(first.failStops).toHaveLength(1);
    await expect(first.store.read(() => 'anything')).rejects.toThrow();
    await write(store, 'after');
    expect(await store.read(idsIn)).toEqual(['before', 'after']);
  });

  it('acknowledges nothing that the new owner may not have read', async () => {
    const { files, first, second } = await takeOver();
    // Applied and being written when the other one takes over.
    const late = outcome(write(first.store, 'at the same time'));
    const { store } = await second();
    await turns();
    expect(late.is).toBe('rejected');
    await write(store, 'after');
    await store.close();
    expect((await contentOn(files.contents())).ids).toContain('after');
  });

  it('includes what it wrote while the new owner was starting', async () => {
    const files = createMemoryFiles();
    const { store } = await openOn(files);
    await write(store, 'before');
    const segment = segmentPath(PATH, segments(files).at(-1) ?? 0);
    const before = files.contents();
    await write(store, 'meanwhile');
    const late = files.contents().get(segment) as Buffer;
    const disk = createMemoryFiles(before);
    let reads = 0;
    const started = await openOn({
      ...disk,
      read(path) {
        // The frame arrives after the recovery has read the segment.
        if (path !== segment || ++reads !== 2) return disk.read(path);
        disk.remove(segment);
        disk.create(segment).write(late, 0);
        return disk.read(path);
      },
    });
    expect(await started.store.read(idsIn)).toEqual(['before', 'meanwhile']);
    await write(started.store, 'after');
    expect((await contentOn(disk.contents())).ids).toEqual(['before', 'meanwhile', 'after']);
  });

  it('does not replace the snapshot if it lost the home during the compaction', async () => {
    const files = createMemoryFiles();
    let isLost = false;
    const { store } = await openOn(files, {
      checkOwnership() {
        if (isLost) throw new Error('another process owns the home');
      },
      async compact(job) {
        const bytes = await compactFiles(files, job);
        isLost = true;
        return bytes;
      },
    });
    await write(store, 'before');
    const snapshot = files.contents().get(PATH) as Buffer;
    await store.close();
    expect(isLost).toBe(true);
    expect(files.contents().get(PATH)?.equals(snapshot)).toBe(true);
  });

  it('does not replace the snapshot of the new owner', async () => {
    const { files, first, second } = await takeOver();
    const { store } = await second();
    await write(store, 'after');
    await store.close();
    await first.store.close();
    expect((await contentOn(files.contents())).ids).toEqual(['before', 'after']);
  });
});

it('stops if its journal is removed while it is open', async () => {
  const files = createMemoryFiles();
  const { store, failStops } = await openOn(files);
  await write(store, 'kept');
  for (const number of segments(files)) files.remove(segmentPath(PATH, number));
  await expect(write(store, 'lost')).rejects.toThrow();
  expect(failStops).toEqual([
    expect.objectContaining({ message: expect.stringContaining('was removed or replaced') }),
  ]);
});

describe('a disk that does not respond', () => {
  const SLOW = 10_000;

  async function hanging() {
    const { files, slow, hold, release } = createSlowFiles('datasync');
    const opened = await openOn(slow);
    await write(opened.store, 'before');
    hold();
    return { ...opened, files, release };
  }
  const ids = (tables: Parameters<typeof idsIn>[0]) => idsIn(tables);

  it('is reported after ten seconds, and makes further writes fail at once', async () => {
    const { store, clock, log, release } = await hanging();
    const first = outcome(write(store, 'first'));
    await clock.advance(SLOW - 1);
    expect(store.refusal()).toBeNull();
    await clock.advance(1);
    expect(store.refusal()).toMatchObject({ code: 'storage_slow' });
    expect(log.lines.at(-1)).toMatchObject({ level: 'error' });
    await expect(write(store, 'second')).rejects.toMatchObject({
      code: 'storage_slow',
      retryAfterSeconds: 10,
    });
    expect(first.is).toBe('pending');
    release();
    await turns();
    expect(first.is).toBe('resolved');
    expect(store.refusal()).toBeNull();
    await write(store, 'third');
    expect(await store.read(ids)).toEqual(['before', 'first', 'third']);
    await store.close();
  });

  it('is still read: what it confirmed, not what waits for it', async () => {
    const { store, clock, release } = await hanging();
    const writes = [write(store, 'first'), write(store, 'second')].map(outcome);
    const waiting = store.read(ids);
    await clock.advance(SLOW);
    expect(await waiting).toEqual(['before']);
    expect(await store.read(ids)).toEqual(['before']);
    expect(store.peek(ids)).toEqual(['before', 'first', 'second']);
    release();
    await turns();
    expect(writes.map(({ is }) => is)).toEqual(['resolved', 'resolved']);
    expect(await store.read(ids)).toEqual(['before', 'first', 'second']);
    await store.close();
  });

  it('that hangs again and again never shows a copy of an earlier time', async () => {
    const { files, slow, hold, release } = createSlowFiles('datasync');
    const { store, clock } = await openOn(slow);
    const written: string[] = [];
    for (let n = 0; n < 3; n++) {
      hold();
      const next = write(store, `m${n}`);
      await clock.advance(SLOW);
      expect(await store.read(ids)).toEqual(written);
      release();
      await next;
      written.push(`m${n}`);
      expect(await store.read(ids)).toEqual(written);
    }
    await store.close();
    expect((await contentOn(files.contents())).ids).toEqual(written);
  });

  it('makes reads fail in time if it cannot be read either', async () => {
    const { slow, hold, release } = createSlowFiles('datasync');
    const { store, clock } = await openOn(slow, { readImage: () => new Promise<never>(() => {}) });
    hold();
    const next = write(store, 'next');
    const waiting = store.read(ids);
    waiting.catch(() => {});
    await clock.advance(SLOW);
    await clock.advance(5_000);
    await expect(waiting).rejects.toMatchObject({ code: 'storage_slow' });
    release();
    await next;
    expect(await store.read(ids)).toEqual(['next']);
    await store.close();
  });

  it('is not one that confirms slowly, but in time', async () => {
    const { store, clock, release } = await hanging();
    const first = write(store, 'first');
    await clock.advance(SLOW - 1);
    release();
    await first;
    await clock.advance(SLOW);
    expect(store.refusal()).toBeNull();
    await store.close();
  });

  it('that hangs where it makes room for the journal is noticed as well', async () => {
    const { slow, hold, release } = createSlowFiles('sync');
    const { store, clock } = await openOn(slow);
    hold();
    const large = outcome(write(store, 'large', wideText(2 * CHUNK_BYTES)));
    await clock.advance(SLOW);
    expect(store.refusal()).toMatchObject({ code: 'storage_slow' });
    expect(await store.read(ids)).toEqual([]);
    release();
    await turns();
    expect(large.is).toBe('resolved');
    await store.close();
  });
});

it('compacts again after two runs whose last compaction failed', async () => {
  const files = createMemoryFiles();
  const fails = { compact: () => Promise.reject(new Error('no memory')) };
  const first = await openOn(files, fails);
  await write(first.store, 'kept');
  await first.store.close();
  // Creates a second segment that nothing is written to.
  await (await openOn(files, fails)).store.close();
  const { store, log } = await openOn(files);
  await store.close();
  expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  expect(segments(files)).toHaveLength(1);
  expect((await contentOn(files.contents())).ids).toEqual(['kept']);
});

describe('a change that may wait', () => {
  const later = (store: Awaited<ReturnType<typeof openOn>>['store'], id: string, ms = 30_000) =>
    store.transaction(
      (tables) => put(tables, id, id),
      () => ms,
    );

  it('is on disk after half a minute, without a write of its own before', async () => {
    const files = createMemoryFiles();
    const { store, clock } = await openOn(files);
    const before = frames(files);
    const waiting = [outcome(later(store, 'one')), outcome(later(store, 'two'))];
    await turns();
    expect(frames(files)).toBe(before);
    expect(waiting.map(({ is }) => is)).toEqual(['pending', 'pending']);
    await clock.advance(30_000);
    await turns();
    expect(frames(files)).toBe(before + 1);
    expect(waiting.map(({ is }) => is)).toEqual(['resolved', 'resolved']);
    await store.close();
  });

  it('is on disk by the time of the most urgent one', async () => {
    const { store, clock } = await openOn(createMemoryFiles());
    const waiting = [outcome(later(store, 'one')), outcome(later(store, 'two', 100))];
    await clock.advance(99);
    await turns();
    expect(waiting.map(({ is }) => is)).toEqual(['pending', 'pending']);
    await clock.advance(1);
    await turns();
    expect(waiting.map(({ is }) => is)).toEqual(['resolved', 'resolved']);
    await store.close();
  });

  it.each<[string, (store: Awaited<ReturnType<typeof openOn>>['store']) => Promise<unknown>]>([
    ['a change that may not', (store) => write(store, 'urgent')],
    ['a read, which shows nothing that a crash could take back', (store) => store.read(idsIn)],
    ['the end', (store) => store.close()],
  ])('goes to disk with %s', async (_, act) => {
    const files = createMemoryFiles();
    const { store } = await openOn(files);
    const before = frames(files);
    const waiting = outcome(later(store, 'one'));
    await act(store);
    await turns();
    expect(waiting.is).toBe('resolved');
    expect(frames(files)).toBeGreaterThan(before);
    expect((await contentOn(files.contents())).ids).toContain('one');
    await store.close();
  });

  it('is written at once if its result says so', async () => {
    const files = createMemoryFiles();
    const { store } = await openOn(files);
    await store.transaction(
      (tables) => put(tables, 'one', 'one'),
      () => 0,
    );
    expect((await contentOn(files.contents())).ids).toEqual(['one']);
    await store.close();
  });
});
