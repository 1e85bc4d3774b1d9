import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRecordingLog, createSeededRandom } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { openTokenFile } from './token-file.ts';

function openFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-token-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'token');
  const log = createRecordingLog();
  return { folder, path, log, open: () => openTokenFile(path, { random: createSeededRandom(7), log }) };
}

test('creates a token of 32 bytes that only its owner can read, and keeps it', () => {
  const { path, open, log } = openFolder();
  const token = open()();
  expect(Buffer.from(token ?? '', 'base64url')).toHaveLength(32);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toBe(`${token}\n`);
  expect(open()()).toBe(token);
  expect(JSON.stringify(log.lines)).not.toContain(token);
});

test('uses another token in the file from the next call on', () => {
  const { path, open } = openFolder();
  const current = open();
  writeFileSync(path, `  ${'n'.repeat(43)}\n\n`);
  expect(current()).toBe('n'.repeat(43));
});

test('creates a new token if the file was deleted', () => {
  const { path, open } = openFolder();
  const current = open();
  const first = current();
  rmSync(path);
  const second = current();
  expect(second).not.toBe(first);
  expect(readFileSync(path, 'utf8').trim()).toBe(second);
});

test.each([
  ['readable by others', (path: string) => chmodSync(path, 0o640)],
  ['without content', (path: string) => writeFileSync(path, '')],
  ['with a short token', (path: string) => writeFileSync(path, 'secret')],
  ['with something else', (path: string) => writeFileSync(path, 'x y'.repeat(20))],
  [
    'that is a link',
    (path: string) => {
      writeFileSync(`${path}.real`, 'n'.repeat(43), { mode: 0o600 });
      rmSync(path);
      symlinkSync(`${path}.real`, path);
    },
  ],
])('returns no token from a file %s, and logs once', (_, damage) => {
  const { path, open, log } = openFolder();
  const current = open();
  damage(path);
  expect([current(), current()]).toEqual([null, null]);
  expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
});

test('throws at the start if no token can be created', () => {
  const { folder, open } = openFolder();
  rmSync(folder, { recursive: true });
  expect(open).toThrow();
});
