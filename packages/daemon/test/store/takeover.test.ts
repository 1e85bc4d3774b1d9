import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock, createSeededRandom } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { realFiles } from '../../src/adapters/store/engine/files.ts';
import { takeOwnership } from '../../src/adapters/system/ownership.ts';
import { idsIn, openOn, put } from '../support/durable-store.ts';

const MESSAGES = 10_000;
/** Writes under way at the same time. */
const WRITERS = 50;
/** Owners one after the other: each takes the home from one that has not noticed. */
const OWNERS = 4;

test(`no message of ${MESSAGES} that was acknowledged is lost while the home changes hands`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-takeover-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'ocmesh.db');
  const lock = join(folder, 'daemon.lock');
  const acknowledged: string[] = [];

  /** An owner in a container of its own, whose clock stands still: it does not renew, and nobody sees its process. */
  async function start(seed: number) {
    const clock = createFakeClock();
    const random = createSeededRandom(seed);
    const waiting = takeOwnership(lock, { clock, random });
    let isTaken = false;
    void waiting.then(() => {
      isTaken = true;
    });
    while (!isTaken) await clock.advance(1_000);
    const ownership = await waiting;
    writeFileSync(lock, readFileSync(lock, 'utf8').replace(/"namespace":"[^"]*"/, '"namespace":"elsewhere"'));
    const { store } = await openOn(realFiles, { path, checkOwnership: ownership.check });
    return { store, ownership };
  }

  /** Writes until the store refuses, or all messages are acknowledged. */
  async function write({ store }: Awaited<ReturnType<typeof start>>, owner: number): Promise<void> {
    let number = 0;
    let isRefused = false;
    const writer = async (): Promise<void> => {
      while (!isRefused && acknowledged.length < MESSAGES) {
        const id = `${owner}-${number++}`;
        await store
          .transaction((tables) => put(tables, id, id))
          .then(
            () => void acknowledged.push(id),
            () => {
              isRefused = true;
            },
          );
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
  }

  let current = await start(0);
  for (let owner = 1; owner < OWNERS; owner++) {
    const former = current;
    const writing = write(former, owner);
    const isDue = () => acknowledged.length >= (MESSAGES / OWNERS) * owner;
    await expect.poll(isDue, { timeout: 60_000, interval: 1 }).toBe(true);
    // The next one comes while writes are under way.
    current = await start(owner);
    await writing;
    former.ownership.release();
  }
  await write(current, OWNERS);
  expect(acknowledged.length).toBeGreaterThanOrEqual(MESSAGES);
  const stored = new Set(await current.store.read(idsIn));
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  current.ownership.check();
  current.ownership.release();
});
