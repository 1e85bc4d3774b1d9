import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { refusal } from '../../../test/support/refusal.ts';
import { exitCodes } from './exit.ts';
import { type Home, homeFiles, makeFolder, prepareHome } from './home.ts';

let place: string;
let home: Home;
const modeOf = (path: string): number => statSync(path).mode & 0o7777;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'ocmesh-home-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  home = homeFiles(join(place, "alice's home"));
});

test('creates a folder, and those above it, for its owner only', () => {
  const deep = homeFiles(join(place, 'a/b/home'));
  expect(prepareHome(deep)).toEqual([]);
  expect(modeOf(deep.path)).toBe(0o700);
  expect(modeOf(join(place, 'a'))).toBe(0o700);
});

test('closes a home to others that a volume opened to them, and says what was open', () => {
  prepareHome(home);
  writeFileSync(home.keyFile, 'x', { mode: 0o600 });
  writeFileSync(home.config, '{}');
  chmodSync(home.keyFile, 0o660);
  chmodSync(home.config, 0o664);
  chmodSync(home.path, 0o2770);
  expect(prepareHome(home)).toEqual([
    { path: home.path, mode: '770' },
    { path: home.keyFile, mode: '660' },
  ]);
  expect([modeOf(home.path), modeOf(home.keyFile)]).toEqual([0o700, 0o600]);
  // Not secret, and nobody else gets at it now.
  expect(modeOf(home.config)).toBe(0o664);
  expect(prepareHome(home)).toEqual([]);
});

test('closes an empty folder, but not one with files that may be meant for others', () => {
  mkdirSync(home.path);
  mkdirSync(join(home.path, 'lost+found'));
  chmodSync(home.path, 0o755);
  expect(prepareHome(home)).toHaveLength(1);
  writeFileSync(join(home.path, 'letter'), '');
  chmodSync(home.path, 0o755);
  expect(refusal(() => prepareHome(home)).message).toContain(
    `Run \`chmod 700 '${home.path.replace("'", "'\\''")}'\`.`,
  );
  expect(modeOf(home.path)).toBe(0o755);
});

test('refuses links, a file in place of the folder, and a path through a file', () => {
  prepareHome(home);
  symlinkSync('/nowhere', home.keystore);
  expect(refusal(() => prepareHome(home)).message).toContain('is a symbolic link');
  writeFileSync(join(place, 'file'), '');
  const { exitCode, message } = refusal(() => prepareHome(homeFiles(join(place, 'file'))));
  expect([exitCode, message]).toEqual([
    exitCodes.permanent,
    expect.stringContaining('is not a folder. Set OCMESH_HOME'),
  ]);
  expect(() => prepareHome(homeFiles(join(place, 'file/home')))).toThrow('ENOTDIR');
  expect(existsSync(join(place, 'file/home'))).toBe(false);
});

test.runIf(process.getuid?.() === 0)('names the owner of what belongs to another user', () => {
  prepareHome(home);
  writeFileSync(home.keyFile, 'x', { mode: 0o600 });
  chownSync(home.keyFile, 54_321, 54_321);
  expect(refusal(() => prepareHome(home)).message).toMatch(/belongs to another user. Run `sudo chown -R/);
});

test('gives up where no folder can be created', () => {
  expect(() => makeFolder('/proc/ocmesh/home')).toThrow(/ENOENT|EPERM|EROFS|EACCES/);
});
