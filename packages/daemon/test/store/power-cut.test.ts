import { expect, test } from 'vitest';
import type { Files } from '../../src/adapters/store/engine/files.ts';
import { createCrasher, type Disk } from '../support/crashed-disk.ts';
import { type Content, contentOn, openOn, put, wideText } from '../support/durable-store.ts';
import { createMemoryFiles, createProcess, type FileOperation } from '../support/memory-files.ts';
import { type Chance, seededChance } from '../support/seed.ts';

// Records runs of a store operation by operation. Then it cuts the power at random moments, each time with a random
// choice of what the disk has kept, and starts the store on what is left.

const STATES = Number(process.env['SOAK_STATES'] ?? 500);
const STATES_OF_A_LIFE = 25;
/** How often a disk that lost power is used again and loses power again. */
const MOST_LIVES = 4;

interface Life {
  /** Content of the disk at the beginning. */
  readonly before: Disk;
  readonly operations: readonly FileOperation[];
  /** All transactions since the first life in the order in which they were applied, without those of lost writes. */
  readonly applied: readonly string[];
  /** How many of them were on disk before this life. */
  readonly inherited: number;
  readonly kills: number;
}

const tally = () => ({
  states: 0,
  lost: 0,
  halves: 0,
  invented: 0,
  failedStarts: 0,
  /** States with a torn frame. */
  torn: 0,
  /** Killed processes, while the disk had power. */
  kills: 0,
  /** Starts on a disk that had lost power and was used again. */
  restarts: 0,
  compactions: 0,
  grownSegments: 0,
  acknowledged: 0,
});
type Tally = ReturnType<typeof tally>;

const textOf = (id: string): string => `${id} ${'text '.repeat(id.length ** 3 % 97)}`;

/** Runs a few processes one after the other, of which all but the last are killed. */
async function live(before: Disk, inherited: readonly string[], chance: Chance, name: string): Promise<Life> {
  const files = createMemoryFiles(before);
  let applied = [...inherited];
  let kills = 0;
  for (; chance.happens(0.5); kills++) {
    const process = createProcess(files, 5 + chance.below(60));
    const working = work(process.files, files.operations, applied, chance, `${name}.${kills}`);
    await Promise.race([working.catch(() => {}), process.died]);
    // Transactions that were only in the memory of the process are lost.
    applied = [...(await contentOn(files.contents())).ids];
  }
  await work(files, files.operations, applied, chance, `${name}.last`);
  return { before, operations: files.operations, applied, inherited: inherited.length, kills };
}

/** Runs several writers with transactions of several commands, some that throw, some that only read. */
async function work(
  files: Files,
  operations: FileOperation[],
  applied: string[],
  chance: Chance,
  name: string,
): Promise<void> {
  const grows = chance.happens(0.05);
  const transactions = grows ? 12 : 10 + chance.below(30);
  const { store } = await openOn(files, { compactBytes: grows ? 1e9 : 1_000 + chance.below(15_000) });
  let started = 0;

  async function writer(): Promise<void> {
    while (started < transactions) {
      const id = `${name}-${started++}`;
      const kind = chance.below(20);
      if (kind === 0) {
        const failed = store.transaction((tables) => {
          put(tables, `${id}-undone`, 'never');
          throw new Error('changed its mind');
        });
        await failed.catch(() => {});
      }
      if (kind === 1) await store.read((tables) => tables.messages.lastArrival());
      const text = grows ? wideText(20_000 + chance.below(300_000)) : textOf(id);
      await store.transaction((tables) => {
        put(tables, id, text);
        applied.push(id);
      });
      operations.push({ op: 'acknowledged', id });
    }
  }

  await Promise.all(Array.from({ length: chance.pick([1, 3, 12]) }, writer));
  if (chance.happens(0.5)) await store.close();
}

function checkOutcome(life: Life, acknowledged: ReadonlySet<string>, content: Content, found: Tally): void {
  const { ids, texts, halves, torn } = content;
  found.halves += halves;
  // Inherited and acknowledged transactions were on disk; the order is that of applying.
  const kept = new Set(ids);
  found.lost += [...life.applied.slice(0, life.inherited), ...acknowledged].filter(
    (id) => !kept.has(id),
  ).length;
  found.invented += ids.filter((id, at) => id !== life.applied[at]).length;
  found.invented += texts.filter(
    (text, at) => !text.startsWith('\u0001') && text !== textOf(ids[at] as string),
  ).length;
  if (torn > 0) found.torn++;
}

/** Cuts the power at random moments of a life, in order. On one of the disks that are left another life begins. */
async function cut(
  life: Life,
  states: number,
  chance: Chance,
  found: Tally,
  options: { readonly lives: number; readonly syncs: boolean },
): Promise<void> {
  const operations = options.syncs ? life.operations : life.operations.map(withoutSync);
  const crasher = createCrasher(life.before, operations);
  const moments = Array.from({ length: states }, () => chance.below(operations.length + 1)).sort(
    (a, b) => a - b,
  );
  const acknowledged = new Set<string>();
  const heir = chance.below(states);
  let at = 0;
  for (const [number, moment] of moments.entries()) {
    for (; at < moment; at++) {
      const operation = operations[at];
      if (operation?.op === 'acknowledged') acknowledged.add(operation.id);
    }
    crasher.advance(moment);
    const disk = crasher.crash(chance);
    found.states++;
    try {
      const content = await contentOn(disk);
      checkOutcome(life, acknowledged, content, found);
      if (number === heir && options.lives < MOST_LIVES) {
        found.restarts++;
        const next = await live(disk, content.ids, chance, `life ${options.lives + 1}`);
        const rest = Math.ceil(states / 2);
        await cut(next, rest, chance, found, { ...options, lives: options.lives + 1 });
      }
    } catch (error) {
      if (options.syncs) console.log(`at ${moment} of ${operations.length}:`, error, [...disk.keys()]);
      found.failedStarts++;
    }
  }
  found.kills += life.kills;
  found.compactions += operations.filter((one) => one.op === 'rename' && one.to.endsWith('.db')).length;
  found.grownSegments += operations.filter((one) => one.op === 'write' && one.position > 1024 * 1024).length;
  found.acknowledged += operations.filter((one) => one.op === 'acknowledged').length;
}

/** Makes the disk report a sync that it has not done. */
const withoutSync = (operation: FileOperation): FileOperation =>
  operation.op === 'sync' ? { op: 'acknowledged', id: '' } : operation;

async function cutPower(states: number, chance: Chance, syncs: boolean): Promise<Tally> {
  const found = tally();
  while (found.states < states) {
    const life = await live(new Map(), [], chance, 'life 1');
    await cut(life, Math.min(STATES_OF_A_LIFE, states - found.states), chance, found, { lives: 1, syncs });
  }
  return found;
}

test(`finds everything that was acknowledged after each of ${STATES} power cuts`, {
  timeout: 3_600_000,
}, async () => {
  const found = await cutPower(STATES, seededChance('power cuts'), true);
  console.log(found);
  expect(found).toMatchObject({ lost: 0, halves: 0, invented: 0, failedStarts: 0 });
  // The cuts would prove nothing if none hit a write, a compaction or a second life.
  expect(found.torn).toBeGreaterThan(0);
  expect(found.compactions).toBeGreaterThan(STATES / 50);
  expect(found.restarts).toBeGreaterThan(0);
  expect(found.kills).toBeGreaterThan(0);
});

test('finds losses after the same cuts if the disk does not sync', async () => {
  const found = await cutPower(200, seededChance('power cuts without sync'), false);
  console.log(found);
  expect(found.lost + found.failedStarts).toBeGreaterThan(0);
  expect(found.lost).toBeGreaterThan(0);
});
