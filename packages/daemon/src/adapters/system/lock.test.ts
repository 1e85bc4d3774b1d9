import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { exitCodes } from './exit.ts';
import { takeLock } from './lock.ts';

function newFolder(): { folder: string; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, path: join(folder, 'daemon.lock') };
}

/** Returns the content of a lock of this process. */
function ownHolder(): { pid: number; started: string | null; boot: string | null } {
  const { path } = newFolder();
  const unlock = takeLock(path);
  const holder = JSON.parse(readFileSync(path, 'utf8'));
  unlock();
  return holder;
}

test('takes and releases the lock, and leaves nothing else', () => {
  const { folder, path } = newFolder();
  const unlock = takeLock(path);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
  expect(readdirSync(folder)).toEqual(['daemon.lock']);
  unlock();
  expect(readdirSync(folder)).toEqual([]);
  takeLock(path)();
});

test('refuses a lock that this process holds', () => {
  const { path } = newFolder();
  const unlock = takeLock(path);
  expect(() => takeLock(path)).toThrow(expect.objectContaining({ exitCode: exitCodes.permanent }));
  expect(() => takeLock(path)).toThrow(`pid ${process.pid}`);
  expect(readFileSync(path, 'utf8')).toContain(String(process.pid));
  unlock();
});

test('refuses a lock that another running process holds', async () => {
  const { folder, path } = newFolder();
  const module = new URL('../../../dist/adapters/system/lock.js', import.meta.url).href;
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `import { takeLock } from ${JSON.stringify(module)}; takeLock(${JSON.stringify(path)}); console.log('taken'); setInterval(() => {}, 1000);`,
  ]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect(() => takeLock(path)).toThrow(`pid ${child.pid}`);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  const unlock = takeLock(path);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
  unlock();
  expect(readdirSync(folder)).toEqual([]);
});

test('takes over the lock of a dead process', () => {
  const { path } = newFolder();
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(path, JSON.stringify({ ...ownHolder(), pid }));
  takeLock(path)();
});

test.runIf(process.platform === 'linux')('takes over the lock of a dead process whose pid was reused', () => {
  const { path } = newFolder();
  writeFileSync(path, JSON.stringify({ ...ownHolder(), started: '1' }));
  takeLock(path)();
});

test.runIf(process.platform === 'linux')('takes over a lock from before the last boot', () => {
  const { path } = newFolder();
  writeFileSync(path, JSON.stringify({ ...ownHolder(), boot: 'another-boot' }));
  takeLock(path)();
});

test.each(['', 'nonsense', '{}', '{"pid":-1}', '{"pid":"1"}', 'null'])(
  'takes over a lock with content %j',
  (text) => {
    const { folder, path } = newFolder();
    writeFileSync(path, text);
    takeLock(path)();
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('does not release the lock of a later holder', () => {
  const { path } = newFolder();
  const unlock = takeLock(path);
  writeFileSync(path, JSON.stringify({ pid: 1, started: null, boot: null }));
  unlock();
  expect(readFileSync(path, 'utf8')).toContain('"pid":1');
});
