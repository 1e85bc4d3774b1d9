import { OcmeshError } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { UnreadableStoreError } from '../../src/adapters/store/engine/errors.ts';
import { CHUNK_BYTES } from '../../src/adapters/store/engine/journal.ts';
import { createCrasher } from '../support/crashed-disk.ts';
import { contentOn, idsIn, openOn, wideText, write } from '../support/durable-store.ts';
import { createMemoryFiles, type MemoryFiles } from '../support/memory-files.ts';
import { type Chance, seededChance } from '../support/seed.ts';

// A run with everything a store does: first start, several writers, compaction, growth of a segment, stop, second
// start. Each of its file operations fails in turn.

const PROBE_MS = 600;
const ROUNDS = 3;

type Opened = Awaited<ReturnType<typeof openOn>>;
type Fault = MemoryFiles['fail'];

/** What the callers learned. */
interface Outcome {
  readonly acknowledged: string[];
  readonly refused: { readonly id: string; readonly error: unknown }[];
  readonly failedStarts: unknown[];
  readonly failStops: unknown[];
}

async function run(files: MemoryFiles): Promise<Outcome & { readonly last: Opened | null }> {
  const outcome: Outcome = { acknowledged: [], refused: [], failedStarts: [], failStops: [] };

  async function attempt({ store }: Opened, id: string, text = id): Promise<void> {
    await write(store, id, text).then(
      () => {
        outcome.acknowledged.push(id);
        files.operations.push({ op: 'acknowledged', id });
      },
      (error) => outcome.refused.push({ id, error }),
    );
  }

  async function start(): Promise<Opened | null> {
    const before = files.operations.length;
    try {
      return await openOn(files, { compactBytes: 5_000 });
    } catch (error) {
      outcome.failedStarts.push(error);
      if (error instanceof UnreadableStoreError) expect(files.operations.length).toBe(before);
      return null;
    }
  }

  /** Whether the process would still be running. */
  const isAlive = (opened: Opened): boolean => opened.failStops.length === 0;

  async function live(opened: Opened, name: string): Promise<void> {
    for (let round = 0; round < ROUNDS && isAlive(opened); round++) {
      const grows = name === 'second' && round === ROUNDS - 1;
      const texts = ['one', 'two', wideText(grows ? CHUNK_BYTES : 2_000)];
      await Promise.all(texts.map((text, at) => attempt(opened, `${name}-${round}-${at}`, text)));
      await opened.clock.advance(PROBE_MS);
      if (!isAlive(opened)) break;
      if (round < ROUNDS - 1) continue;
      // Everything that is shown is on disk, whatever happened to earlier writes.
      const shown = await opened.store.read(idsIn);
      expect(shown).toEqual((await contentOn(files.contents())).ids);
      expect(shown).toEqual(expect.arrayContaining(outcome.acknowledged));
    }
    outcome.failStops.push(...opened.failStops);
  }

  let last: Opened | null = null;
  for (const name of ['first', 'second']) {
    last = (await start()) ?? (await start());
    if (!last) continue;
    await live(last, name);
    if (name === 'first' && isAlive(last)) await last.store.close();
  }
  return { ...outcome, last };
}

/** Checks that no caller got a wrong result, and that a start finds what was acknowledged, also after a power cut. */
async function checkOutcome(files: MemoryFiles, outcome: Outcome, chance: Chance): Promise<void> {
  for (const { error } of outcome.refused) {
    expect(error).toBeInstanceOf(OcmeshError);
    const { code } = error as OcmeshError;
    expect(['storage_full', 'storage_unavailable']).toContain(code);
    if (code === 'storage_unavailable') expect(outcome.failStops).not.toEqual([]);
  }
  const crasher = createCrasher(new Map(), files.operations);
  crasher.advance(files.operations.length);
  const afterPowerCut = crasher.crash(chance);
  for (const disk of [files.contents(), afterPowerCut]) {
    const content = await contentOn(disk);
    expect(content.halves).toBe(0);
    expect(content.ids).toEqual(expect.arrayContaining(outcome.acknowledged));
    const known = [...outcome.acknowledged, ...outcome.refused.map(({ id }) => id)];
    expect(known).toEqual(expect.arrayContaining([...content.ids]));
    // A write refused on a full disk left nothing: the caller may send it again.
    if (outcome.failStops.length === 0)
      expect(content.ids.toSorted()).toEqual(outcome.acknowledged.toSorted());
  }
  const again = createMemoryFiles(chance.happens(0.5) ? afterPowerCut : files.contents());
  const { store } = await openOn(again);
  const found = await store.read(idsIn);
  await write(store, 'afterwards');
  expect((await contentOn(again.contents())).ids).toEqual([...found, 'afterwards']);
}

/** Returns how many operations a run without failures has. */
async function operationsOf(chance: Chance): Promise<number> {
  const files = createMemoryFiles();
  let operations = 0;
  files.fail = (_, count) => {
    operations = count;
  };
  const outcome = await run(files);
  expect(outcome).toMatchObject({ refused: [], failedStarts: [], failStops: [] });
  expect(outcome.acknowledged).toHaveLength(ROUNDS * 3 * 2);
  const used = operations;
  await checkOutcome(files, outcome, chance);
  return used;
}

const failure = (code: string, written = 0): Error => Object.assign(new Error(code), { code, written });

test.each(['EIO', 'ENOSPC'])('%s once, at each operation in turn', async (code) => {
  const chance = seededChance(code);
  const operations = await operationsOf(chance);
  const counts = { refused: 0, failedStarts: 0, failStops: 0, unnoticed: 0 };
  for (let n = 1; n <= operations; n++) {
    const files = createMemoryFiles();
    files.fail = (_, count) => {
      if (count === n) throw failure(code, chance.pick([0, 0.5, 1]));
    };
    const outcome = await run(files);
    files.fail = () => {};
    await checkOutcome(files, outcome, chance).catch((cause) => {
      throw new Error(`at operation ${n} of ${operations}`, { cause });
    });
    if (outcome.failStops.length > 0) counts.failStops++;
    else if (outcome.refused.length > 0) counts.refused++;
    else if (outcome.failedStarts.length > 0) counts.failedStarts++;
    else counts.unnoticed++;
  }
  console.log(`${code}: ${operations} operations`, counts);
});

const fullDisks: [title: string, isRefused: (operation: string, grows: boolean) => boolean][] = [
  ['a full disk', (_, grows) => grows],
  ['a full disk that writes nothing in place', (operation, grows) => grows || operation === 'write'],
];

test.each(fullDisks)(
  '%s, from each operation on until there is room: writes resume without a new start',
  async (title, isRefused) => {
    const chance = seededChance(title);
    const operations = await operationsOf(chance);
    const counts = { refused: 0, failedStarts: 0, unnoticed: 0 };
    for (let n = 1; n <= operations; n++) {
      const files = createMemoryFiles();
      // For a while, or until the end of the run.
      const end = chance.happens(0.5) ? n + chance.below(40) : Number.POSITIVE_INFINITY;
      const full: Fault = (operation, count, grows) => {
        if (count >= n && count < end && isRefused(operation, grows))
          throw failure('ENOSPC', chance.pick([0, 0.3]));
      };
      files.fail = full;
      const outcome = await run(files);
      files.fail = () => {};
      try {
        expect(outcome.failStops).toEqual([]);
        for (const { error } of outcome.refused) expect(error).toMatchObject({ code: 'storage_full' });
        for (const error of outcome.failedStarts) expect(error).toMatchObject({ code: 'ENOSPC' });
        if (outcome.last) {
          const { store, clock } = outcome.last;
          if (outcome.refused.some(({ id }) => id === `second-${ROUNDS - 1}-0`)) {
            expect(store.refusal()).toMatchObject({ code: 'storage_full' });
          }
          await clock.advance(PROBE_MS);
          await write(store, 'room again');
          expect(store.refusal()).toBeNull();
          outcome.acknowledged.push('room again');
          files.operations.push({ op: 'acknowledged', id: 'room again' });
        }
        await checkOutcome(files, outcome, chance);
      } catch (cause) {
        throw new Error(`from operation ${n} of ${operations}`, { cause });
      }
      if (outcome.failedStarts.length > 0) counts.failedStarts++;
      else if (outcome.refused.length > 0) counts.refused++;
      else counts.unnoticed++;
    }
    console.log(`${title}: ${operations} operations`, counts);
    expect(counts.refused).toBeGreaterThan(0);
  },
);
