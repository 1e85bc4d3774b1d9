import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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

test('says that the file cannot be read now, if that is so', () => {
  const { path, open, log } = openFolder();
  const current = open();
  const token = current();
  rmSync(path);
  mkdirSync(path, { mode: 0o700 });
  for (const _ of [1, 2]) expect(current).toThrow(expect.objectContaining({ code: 'token_unreadable' }));
  rmSync(path, { recursive: true });
  writeFileSync(path, `${token}`, { mode: 0o600 });
  expect(current()).toBe(token);
  expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
});

test('works again once there are file descriptors', () => {
  const { path, open } = openFolder();
  const token = open()();
  const built = new URL('../../../dist/adapters/system/token-file.js', import.meta.url);
  const script = `
    import { closeSync, openSync } from 'node:fs';
    const { openTokenFile } = await import(${JSON.stringify(built)});
    const quiet = { info() {}, warn() {} };
    const current = openTokenFile(${JSON.stringify(path)}, { random: null, log: quiet });
    const taken = [];
    try { for (;;) taken.push(openSync('/dev/null')); } catch {}
    try { console.log(current()); } catch (error) { console.log(error.code, error.cause.code); }
    taken.forEach((file) => closeSync(file));
    console.log(current());`;
  // Node opens all modules of an import at once: 128 were too few for that.
  const command = 'ulimit -n 1024; exec "$0" --input-type=module -e "$1"';
  const printed = execFileSync('sh', ['-c', command, process.execPath, script], { encoding: 'utf8' });
  expect(printed).toBe(`token_unreadable EMFILE\n${token}\n`);
});

test('throws at the start if no token can be created', () => {
  const { folder, open } = openFolder();
  rmSync(folder, { recursive: true });
  expect(open).toThrow();
});
