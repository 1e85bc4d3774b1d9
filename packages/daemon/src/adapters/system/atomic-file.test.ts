import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { replaceAtomically, writeFileAtomically } from './atomic-file.ts';

function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-atomic-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { path: join(folder, 'file'), names: () => readdirSync(folder) };
}

test.each([0o600, 0o644])(
  'writes a new file, and over an old one, with mode %o whatever the umask',
  (mode) => {
    const { path, names } = newFolder();
    const umask = process.umask(0o077);
    onTestFinished(() => void process.umask(umask));
    for (const text of ['one', 'two']) {
      writeFileAtomically(path, text, mode);
      expect(readFileSync(path, 'utf8')).toBe(text);
      expect(statSync(path).mode & 0o777).toBe(mode);
      chmodSync(path, 0o640);
    }
    expect(names()).toEqual(['file']);
  },
);

test('replaces what a crash left half made', () => {
  const { path, names } = newFolder();
  writeFileSync(`${path}.new`, 'half');
  writeFileAtomically(path, 'whole', 0o600);
  expect(readFileSync(path, 'utf8')).toBe('whole');
  expect(names()).toEqual(['file']);
});

test('keeps the old file, and leaves nothing else, when the new one cannot be made', () => {
  const { path, names } = newFolder();
  writeFileAtomically(path, 'old', 0o600);
  const replace = () =>
    replaceAtomically(path, (unfinished) => {
      writeFileSync(unfinished, 'half');
      throw new Error('no room');
    });
  expect(replace).toThrow('no room');
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(names()).toEqual(['file']);
});
