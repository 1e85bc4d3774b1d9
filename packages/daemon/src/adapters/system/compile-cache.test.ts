import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { useCompileCache } from './compile-cache.ts';

let home: string;
let program: string;
let enabled: string[];
const use = (at = home, argv: string[] = []): boolean =>
  useCompileCache({ argv, env: { OCMESH_HOME: at }, program }, (folder) => enabled.push(folder));
const install = (second: number): void => utimesSync(program, second, second);

beforeEach(() => {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-cache-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  home = join(place, 'home');
  mkdirSync(home, { mode: 0o700 });
  program = join(place, 'ocmesh.mjs');
  writeFileSync(program, '');
  install(1);
  enabled = [];
});

test('keeps compiled code in a folder of the home that only its owner can enter', () => {
  expect(use()).toBe(true);
  expect(enabled).toEqual([join(home, 'cache/rs')]);
  for (const path of ['cache', 'cache/rs']) expect(statSync(join(home, path)).mode & 0o777).toBe(0o700);
});

test('keeps it in the home that a flag names', () => {
  for (const argv of [[`--home=${home}`], ['start', '--home', home]]) {
    expect(use('/nowhere', argv)).toBe(true);
    expect(enabled.pop()).toBe(join(home, 'cache/rs'));
  }
});

test('removes the code of an earlier installation, and keeps its own', () => {
  use();
  install(2);
  use();
  writeFileSync(join(home, 'cache/1jk/code'), '');
  use();
  expect(readdirSync(join(home, 'cache'))).toEqual(['1jk']);
  expect(readdirSync(join(home, 'cache/1jk'))).toEqual(['code']);
});

test.each<[string, () => void]>([
  ['home that others can write to', () => chmodSync(home, 0o770)],
  [
    'cache that others can write to',
    () => {
      mkdirSync(join(home, 'cache'));
      chmodSync(join(home, 'cache'), 0o777);
    },
  ],
  [
    'cache of this installation that others can enter',
    () => {
      mkdirSync(join(home, 'cache/rs'), { recursive: true });
      chmodSync(join(home, 'cache'), 0o700);
      chmodSync(join(home, 'cache/rs'), 0o755);
    },
  ],
  [
    'cache that is a link',
    () => {
      mkdirSync(join(home, 'elsewhere'), { mode: 0o700 });
      symlinkSync(join(home, 'elsewhere'), join(home, 'cache'));
    },
  ],
  ['cache that is a file', () => writeFileSync(join(home, 'cache'), '')],
])('runs no code from a %s', (_, prepare) => {
  prepare();
  expect(use()).toBe(false);
  expect(enabled).toEqual([]);
});

test('creates no home', () => {
  expect(use(join(home, 'missing'))).toBe(false);
  expect(existsSync(join(home, 'missing'))).toBe(false);
});

test('starts without a cache on a Node that has none, or that fails to use it', () => {
  const options = { argv: [], env: { OCMESH_HOME: home }, program };
  expect(useCompileCache(options, null)).toBe(false);
  const fail = (): never => {
    throw new Error('no');
  };
  expect(useCompileCache(options, fail)).toBe(false);
});
