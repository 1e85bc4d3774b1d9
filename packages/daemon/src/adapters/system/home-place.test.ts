import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { type Home, homeFiles, prepareHome } from './home.ts';
import { originalOf, rememberPlace } from './home-place.ts';
import { openKeystore } from './keystore.ts';

let place: string;
let home: Home;
const at = (name: string): Home => homeFiles(join(place, name));

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'ocmesh-place-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  home = at('home');
  prepareHome(home);
  openKeystore(home);
  rememberPlace(home);
});

test('a home is no copy of itself, under whatever name', () => {
  expect(originalOf(home)).toBeNull();
  symlinkSync(home.path, at('link').path);
  expect(originalOf(at('link'))).toBeNull();
});

test('a copy names its original, at each start, for as long as that is there', () => {
  cpSync(home.path, at('copy').path, { recursive: true });
  expect(originalOf(at('copy'))).toBe(home.path);
  expect(originalOf(home)).toBeNull();
  renameSync(home.path, at('elsewhere').path);
  expect(originalOf(at('copy'))).toBeNull();
});

test.each([
  ['was renamed', () => renameSync(home.path, at('other').path)],
  [
    'was moved to another disk',
    () => {
      cpSync(home.path, at('other').path, { recursive: true });
      rmSync(home.path, { recursive: true });
    },
  ],
  [
    'was mounted with other numbers',
    () => {
      const { path, ...numbers } = JSON.parse(readFileSync(home.placeFile, 'utf8'));
      cpSync(home.path, at('other').path, { recursive: true });
      writeFileSync(at('other').placeFile, JSON.stringify({ path: at('other').path, ...numbers }));
    },
  ],
  [
    'was made again at its old place',
    () => {
      cpSync(home.path, at('other').path, { recursive: true });
      rmSync(home.path, { recursive: true });
      prepareHome(home);
      openKeystore(home);
    },
  ],
  [
    'has no word of its place',
    () => {
      renameSync(home.path, at('other').path);
      rmSync(at('other').placeFile);
    },
  ],
  [
    'has a damaged word of its place',
    () => {
      cpSync(home.path, at('other').path, { recursive: true });
      writeFileSync(at('other').placeFile, 'null');
    },
  ],
])('a home that %s is no copy', (_, move) => {
  move();
  expect(originalOf(at('other'))).toBeNull();
});
