import { expect, test } from 'vitest';
import { UnreadableStoreError } from '../../src/adapters/store/engine/errors.ts';
import { openFrame, segmentKey } from '../../src/adapters/store/engine/frame.ts';
import { CHUNK_BYTES, segmentPath } from '../../src/adapters/store/engine/journal.ts';
import type { Disk } from '../support/crashed-disk.ts';
import { contentOn, KEY, openOn, PATH, wideText, write } from '../support/durable-store.ts';
import { createMemoryFiles } from '../support/memory-files.ts';
import { type Chance, seededChance } from '../support/seed.ts';

// Damages the files of a store in every way that a disk, a backup or a person may. Each time, the store either is refused
// and left unchanged, or has everything that was acknowledged. But a reader cannot know where the newest segment ended:
// damage up to its end looks like a frame torn by a crash, and an older copy of it looks complete.

const HEAD_BYTES = 8;
const MUTATIONS = Number(process.env['SOAK_MUTATIONS'] ?? 1_000);

interface Frame {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** Messages in the store before this frame. */
  readonly before: number;
}

interface Original {
  readonly disk: Disk;
  readonly ids: readonly string[];
  /** Frames of the journal, in order. */
  readonly frames: readonly Frame[];
  /** Earlier versions of files, with the number of messages in the store at that time. */
  readonly older: readonly { readonly path: string; readonly bytes: Buffer; readonly messages: number }[];
}

const copy = (disk: Disk): Map<string, Buffer> =>
  new Map([...disk].map(([path, bytes]) => [path, Buffer.from(bytes)]));

/** Creates a store with a history: a snapshot and segments of several runs, perhaps a grown one; at the end closed, killed, or just started. */
async function createOriginal(end: 'killed' | 'closed' | 'started', grows: boolean): Promise<Original> {
  const files = createMemoryFiles();
  const older: Original['older'][number][] = [];
  let messages = 0;

  async function run(count: number, text = 'some text'): Promise<Awaited<ReturnType<typeof openOn>>> {
    const opened = await openOn(files);
    keep();
    for (let n = 0; n < count; n++) {
      // Two in a frame now and then.
      await Promise.all(
        Array.from({ length: 1 + (n % 3 === 0 ? 1 : 0) }, () =>
          write(opened.store, `id-${messages++}`, text),
        ),
      );
      if (n % 3 === 1) keep();
    }
    return opened;
  }
  function keep(): void {
    for (const [path, bytes] of copy(files.contents())) older.push({ path, bytes, messages });
  }

  await (await run(8)).store.close();
  await (await run(12)).store.close();
  await run(9);
  if (grows) await run(2, wideText(CHUNK_BYTES * 0.7));
  const last = await run(7);
  if (end === 'closed') await last.store.close();
  if (end === 'started') await run(0);

  const disk = copy(files.contents());
  const { ids, halves } = await contentOn(disk);
  expect(ids).toHaveLength(messages);
  expect(halves).toBe(0);
  return { disk, ids, frames: framesOn(disk), older };
}

function framesOn(disk: Disk): Frame[] {
  const frames: Frame[] = [];
  for (let number = 1; number < 10; number++) {
    const path = segmentPath(PATH, number);
    const bytes = disk.get(path);
    if (!bytes) continue;
    const key = segmentKey(KEY, bytes.subarray(32, 48));
    let start = 64;
    for (let index = 1; ; index++) {
      const frame = openFrame(key, index, bytes, start);
      if (!frame) break;
      const [before] = JSON.parse(frame.plaintext.toString('utf8'));
      frames.push({ path, start, end: frame.end, before });
      start = frame.end;
    }
  }
  return frames;
}

/** Returns a position in the file, usually inside a frame. */
function pickPosition(path: string, { disk, frames }: Original, chance: Chance): number {
  const { length } = disk.get(path) as Buffer;
  const here = frames.filter((frame) => frame.path === path);
  if (here.length === 0 || chance.happens(0.1)) return chance.below(length);
  if (chance.happens(0.1)) return chance.below(64);
  const { start, end } = chance.happens(0.4) ? (here.at(-1) as Frame) : chance.pick(here);
  return chance.happens(0.2) ? start + chance.below(HEAD_BYTES) : start + chance.below(end - start + 1);
}

type Mutation = (disk: Map<string, Buffer>, path: string, original: Original, chance: Chance) => void;

const edges = (path: string, { disk, frames }: Original): number[] => {
  const { length } = disk.get(path) as Buffer;
  const ends = frames.filter((frame) => frame.path === path).flatMap(({ start, end }) => [start, end]);
  return [0, 1, 63, 64, 4096, length - 4096, length - 1, 64 + CHUNK_BYTES, ...ends].filter((at) => at >= 0);
};

const mutations: Readonly<Record<string, Mutation>> = {
  flip(disk, path, original, chance) {
    const bytes = disk.get(path) as Buffer;
    const at = Math.min(pickPosition(path, original, chance), bytes.length - 1);
    bytes[at] = (bytes[at] as number) ^ (1 << chance.below(8));
  },
  cut(disk, path, original, chance) {
    const at = chance.happens(0.4)
      ? chance.pick(edges(path, original))
      : pickPosition(path, original, chance);
    disk.set(path, (disk.get(path) as Buffer).subarray(0, at));
  },
  append(disk, path, _, chance) {
    const bytes = disk.get(path) as Buffer;
    const from = chance.below(bytes.length);
    disk.set(
      path,
      Buffer.concat([bytes, bytes.subarray(from, from + chance.pick([1, 512, 4096, CHUNK_BYTES]))]),
    );
  },
  zero(disk, path, original, chance) {
    const sector = chance.pick([512, 4096]);
    const first = Math.floor(pickPosition(path, original, chance) / sector) * sector;
    (disk.get(path) as Buffer).subarray(first, first + sector * (1 + chance.below(3))).fill(0);
  },
  swap(disk, path, _, chance) {
    const other = chance.pick([...disk.keys()]);
    const bytes = disk.get(path) as Buffer;
    disk.set(path, disk.get(other) as Buffer);
    disk.set(other, bytes);
  },
  swapPages(disk, path, _, chance) {
    const bytes = disk.get(path) as Buffer;
    const pages = Math.floor(bytes.length / 4096);
    const [one, other] = [chance.below(pages) * 4096, chance.below(pages) * 4096];
    const kept = Buffer.from(bytes.subarray(one, one + 4096));
    bytes.copy(bytes, one, other, other + 4096);
    kept.copy(bytes, other);
  },
  replay(disk, _, { older }, chance) {
    const { path, bytes } = chance.pick(older);
    disk.set(path, Buffer.from(bytes));
  },
  duplicate(disk, path, { frames }, chance) {
    const bytes = disk.get(path) as Buffer;
    const here = frames.filter((frame) => frame.path === path);
    if (here.length === 0) return;
    const from = chance.pick(here);
    const onto = chance.happens(0.3) ? (here.at(-1) as Frame).end : chance.pick(here).start;
    Buffer.from(bytes.subarray(from.start, from.end)).copy(bytes, onto);
  },
};

/** Whether a byte of the frame changed. */
const isChanged = ({ path, start, end }: Frame, before: Disk, after: Disk): boolean =>
  !before
    .get(path)
    ?.subarray(start, end)
    .equals(after.get(path)?.subarray(start, end) ?? Buffer.alloc(0));

type Outcome = 'unchanged' | 'refused' | 'whole' | 'last frame lost' | 'end lost' | 'older copy' | 'wrong';

async function outcomeOf(original: Original, disk: Disk, kind: string): Promise<Outcome> {
  const { ids, frames } = original;
  if (
    [...original.disk].every(([path, bytes]) => disk.get(path)?.equals(bytes)) &&
    disk.size === original.disk.size
  ) {
    return 'unchanged';
  }
  let content: Awaited<ReturnType<typeof contentOn>>;
  try {
    content = await contentOn(disk);
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableStoreError);
    const files = createMemoryFiles(disk);
    await expect(openOn(files)).rejects.toThrow(UnreadableStoreError);
    expect(files.operations).toEqual([]);
    return 'refused';
  }
  const kept = content.ids.length;
  if (content.halves > 0 || content.ids.some((id, at) => id !== ids[at])) return 'wrong';
  if (kept === ids.length) return 'whole';
  const lost = frames.filter(({ before }) => before >= kept);
  if (lost[0]?.before !== kept) return 'wrong';
  if (kind === 'replay') {
    const newest = frames.at(-1)?.path;
    const isNewest =
      lost.every(({ path }) => path === newest) &&
      [...disk].every(([path, bytes]) => path === newest || original.disk.get(path)?.equals(bytes));
    return isNewest && original.older.some(({ messages }) => messages === kept) ? 'older copy' : 'wrong';
  }
  if (!lost.every((frame) => isChanged(frame, original.disk, disk))) return 'wrong';
  return lost.length === 1 ? 'last frame lost' : 'end lost';
}

test(`refuses the store or finds everything after each of ${MUTATIONS} mutations`, {
  timeout: 3_600_000,
}, async () => {
  const chance = seededChance('mutations');
  const originals = await Promise.all([
    createOriginal('killed', false),
    createOriginal('closed', false),
    createOriginal('started', false),
    createOriginal('killed', true),
  ]);
  const table: Record<string, Partial<Record<Outcome, number>>> = Object.fromEntries(
    Object.keys(mutations).map((kind) => [kind, {}]),
  );
  const wrong: string[] = [];
  for (let n = 0; n < MUTATIONS; ) {
    const kind = chance.pick(Object.keys(mutations));
    const original = chance.pick(originals);
    const path = chance.pick([...original.disk.keys()]);
    const disk = copy(original.disk);
    (mutations[kind] as Mutation)(disk, path, original, chance);
    const outcome = await outcomeOf(original, disk, kind);
    if (outcome === 'unchanged') continue;
    n++;
    const row = table[kind] as Partial<Record<Outcome, number>>;
    row[outcome] = (row[outcome] ?? 0) + 1;
    if (outcome === 'wrong')
      wrong.push(`${kind} of ${path} in store ${originals.indexOf(original)}, mutation ${n}`);
  }
  console.table(table);
  expect(wrong).toEqual([]);
  // Only damage to several frames at once may lose more than the last one.
  for (const kind of ['flip', 'cut', 'append', 'swap', 'swapPages']) {
    expect(table[kind]).not.toHaveProperty(['end lost']);
  }
});
