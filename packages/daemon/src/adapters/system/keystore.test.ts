import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { refusal } from '../../../test/support/refusal.ts';
import { exitCodes } from './exit.ts';
import { type Home, homeFiles, prepareHome } from './home.ts';
import { openKeystore } from './keystore.ts';

function newHome(): Home {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-keystore-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const home = homeFiles(join(folder, 'home'));
  prepareHome(home);
  return home;
}

test('creates a key once, and returns the same one from then on', () => {
  const home = newHome();
  const key = openKeystore(home);
  expect(key).toHaveLength(32);
  expect(Buffer.from(openKeystore(home)).equals(key)).toBe(true);
  expect(Buffer.from(openKeystore(newHome())).equals(key)).toBe(false);
});

test('writes both files for the owner only, and the key in neither', () => {
  const home = newHome();
  const key = Buffer.from(openKeystore(home));
  for (const path of [home.keyFile, home.keystore]) {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, 'utf8');
    expect(text).not.toContain(key.toString('hex'));
    expect(text).not.toContain(key.toString('base64'));
  }
});

test.each(['keyFile', 'keystore'] as const)(
  'refuses to start without its %s, and changes nothing',
  (part) => {
    const home = newHome();
    openKeystore(home);
    writeFileSync(home.database, 'x');
    const other = part === 'keyFile' ? home.keystore : home.keyFile;
    const before = readFileSync(other);
    rmSync(home[part]);
    const { exitCode, message } = refusal(() => openKeystore(home));
    expect(exitCode).toBe(exitCodes.permanent);
    expect(message).toContain(home[part]);
    expect(readFileSync(other).equals(before)).toBe(true);
    expect(() => statSync(home[part])).toThrow();
  },
);

test('never creates a new key if there is a store', () => {
  const home = newHome();
  writeFileSync(home.database, 'x');
  expect(refusal(() => openKeystore(home)).exitCode).toBe(exitCodes.permanent);
});

test.each([
  ['keyFile', 0o640],
  ['keyFile', 0o604],
  ['keystore', 0o660],
] as const)('refuses a %s of mode %o', (part, mode) => {
  const home = newHome();
  openKeystore(home);
  chmodSync(home[part], mode);
  const { exitCode, message } = refusal(() => openKeystore(home));
  expect(exitCode).toBe(exitCodes.permanent);
  expect(message).toContain(`chmod 600 ${home[part]}`);
});

test.each(['keyFile', 'keystore'] as const)('does not follow a link in place of its %s', (part) => {
  const home = newHome();
  openKeystore(home);
  renameSync(home[part], `${home[part]}.real`);
  symlinkSync(`${home[part]}.real`, home[part]);
  expect(refusal(() => openKeystore(home)).exitCode).toBe(exitCodes.permanent);
});

test.each(['keyFile', 'keystore'] as const)('names its %s if that cannot be read', (part) => {
  const home = newHome();
  openKeystore(home);
  rmSync(home[part]);
  mkdirSync(home[part], { mode: 0o700 });
  const { exitCode, message } = refusal(() => openKeystore(home));
  expect(exitCode).toBe(exitCodes.permanent);
  expect(message).toContain(`${home[part]} cannot be read: it is a folder`);
});

test.each([
  ['invalid JSON', () => 'nonsense'],
  ['an empty file', () => ''],
  ['null', () => 'null'],
  ['JSON without the key', () => '{}'],
  ['a short key', () => '{"wrapped":"AAAA"}'],
  [
    'a changed byte',
    (text: string) =>
      text.replace(/"wrapped":"(.)/, (all, digit) => all.replace(/.$/, digit === 'A' ? 'B' : 'A')),
  ],
])('refuses a keystore with %s', (_, change) => {
  const home = newHome();
  openKeystore(home);
  writeFileSync(home.keystore, change(readFileSync(home.keystore, 'utf8')));
  expect(refusal(() => openKeystore(home)).exitCode).toBe(exitCodes.permanent);
});

test("refuses another home's key file", () => {
  const home = newHome();
  const other = newHome();
  openKeystore(home);
  openKeystore(other);
  writeFileSync(home.keyFile, readFileSync(other.keyFile));
  expect(refusal(() => openKeystore(home)).exitCode).toBe(exitCodes.permanent);
});
