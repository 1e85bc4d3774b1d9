import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { type CodeCache, openCodeCache } from './code-cache.ts';

const source = Buffer.from('f(1)');
const code = Buffer.from('compiled f(1)');

let home: string;
const open = (at = home, argv: string[] = [], of = source): CodeCache =>
  openCodeCache({ argv, env: { OCMESH_HOME: at }, source: of });
const file = (): string => join(home, 'cache/code');

beforeEach(() => {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-cache-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  home = join(place, 'home');
  mkdirSync(home, { mode: 0o700 });
});

test('keeps code in a folder of the home that only its owner can enter', () => {
  expect(open().read()).toBeNull();
  open().write(code);
  expect(open().read()).toEqual(code);
  expect(statSync(join(home, 'cache')).mode & 0o777).toBe(0o700);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
});

test('keeps it in the home that a flag names', () => {
  for (const argv of [[`--home=${home}`], ['start', '--home', home]]) {
    open('/nowhere', argv).write(code);
    expect(open().read()).toEqual(code);
    rmSync(file());
  }
});

test('has no code of another source, even of the same length, and replaces it', () => {
  open().write(code);
  const other = open(home, [], Buffer.from('f(2)'));
  expect(other.read()).toBeNull();
  other.write(Buffer.from('compiled f(2)'));
  expect(other.read()).toEqual(Buffer.from('compiled f(2)'));
  expect(open().read()).toBeNull();
  expect(readdirSync(join(home, 'cache'))).toEqual(['code']);
});

test.each<[string, (kept: Buffer) => Buffer]>([
  ['has another byte', (kept) => kept.fill(0, kept.length - 1)],
  ['is cut off', (kept) => kept.subarray(0, -1)],
  ['ends within the checksums', (kept) => kept.subarray(0, 5)],
  ['is empty', () => Buffer.alloc(0)],
  ['is full of zeros', (kept) => kept.fill(0)],
])('has no code if the file %s', (_, damage) => {
  open().write(code);
  writeFileSync(file(), damage(readFileSync(file())));
  expect(open().read()).toBeNull();
});

test.each<[string, () => void]>([
  ['home that others can write to', () => chmodSync(home, 0o770)],
  ['cache that others can write to', () => chmodSync(join(home, 'cache'), 0o777)],
  ['cache that others can enter', () => chmodSync(join(home, 'cache'), 0o755)],
  [
    'cache that is a link',
    () => {
      const elsewhere = join(home, 'elsewhere');
      mkdirSync(elsewhere, { mode: 0o700 });
      writeFileSync(join(elsewhere, 'code'), readFileSync(file()));
      rmSync(join(home, 'cache'), { recursive: true });
      symlinkSync(elsewhere, join(home, 'cache'));
    },
  ],
])('neither reads nor writes in a %s', (_, change) => {
  open().write(code);
  change();
  const before = readFileSync(file());
  expect(open().read()).toBeNull();
  open().write(Buffer.from('other'));
  expect(readFileSync(file())).toEqual(before);
});

test('does without a cache where it cannot write', () => {
  writeFileSync(join(home, 'cache'), '');
  open().write(code);
  expect(open().read()).toBeNull();
});

test('leaves no unfinished file where it cannot replace the old one', () => {
  open().write(code);
  rmSync(file());
  mkdirSync(file());
  open().write(code);
  expect(readdirSync(join(home, 'cache'))).toEqual(['code']);
});

test('creates no home', () => {
  const missing = open(join(home, 'missing'));
  missing.write(code);
  expect(missing.read()).toBeNull();
  expect(existsSync(join(home, 'missing'))).toBe(false);
});
