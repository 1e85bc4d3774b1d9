import { expect, test } from 'vitest';
import { createChance } from '../chance.ts';
import { createVirtualClock } from '../time/virtual-clock.ts';
import { createSimulatedDisk } from './simulated-disk.ts';

const PATH = '/home/file';
const text = (words: string): Buffer => Buffer.from(words);

function open(seed = '1') {
  const virtual = createVirtualClock();
  const disk = createSimulatedDisk(virtual, createChance(seed));
  const crashes: string[] = [];
  const start = () => disk.forProcess((how) => crashes.push(how));
  return { virtual, disk, start, crashes, pass: () => virtual.runUntil(virtual.now() + 1_000) };
}

test('what was synced survives a power cut, and of the rest any part may', async () => {
  const left = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const { disk, start, pass } = open(String(seed));
    const files = start();
    const file = files.create(PATH);
    file.write(text('synced '), 0);
    void file.sync();
    void files.syncFolder('/home');
    await pass();
    file.write(text('not synced'), 7);
    disk.cutPower();
    const content = String(start().read(PATH));
    expect(content).toMatch(/^synced /);
    left.add(content);
  }
  expect(left.size).toBeGreaterThan(3);
});

test('a killed process leaves what it wrote', () => {
  const { start } = open();
  const files = start();
  files.create(PATH).write(text('written'), 0);
  files.end();
  expect(String(start().read(PATH))).toBe('written');
  expect(() => files.read(PATH)).toThrow('the process has ended');
});

test('a process dies at the operation that the plan names, and its sync is never confirmed', async () => {
  const { disk, start, crashes, pass } = open();
  const files = start();
  const file = files.create(PATH);
  let isSynced = false;
  void file.sync().then(() => {
    isSynced = true;
  });
  disk.crashAt(2, 'power cut');
  file.write(text('one'), 0);
  expect(() => file.write(text('two'), 3)).toThrow('the process has ended');
  expect(crashes).toEqual(['power cut']);
  await pass();
  expect(isSynced).toBe(false);
});

test('a full disk takes nothing that makes a file longer', () => {
  const { disk, start } = open();
  const file = start().create(PATH);
  file.write(text('long'), 0);
  disk.setFull(true);
  expect(() => file.write(text('longer'), 0)).toThrow('ENOSPC');
  file.write(text('LONG'), 0);
  disk.setFull(false);
  file.write(text('longer'), 0);
});
