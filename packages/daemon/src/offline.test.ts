import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { homeFiles } from './adapters/system/home.ts';
import { takeLock } from './adapters/system/lock.ts';
import { startDaemon } from './app.ts';
import { defaults } from './config/schema.ts';
import { importSecretKey, readSecretKey, reset } from './offline.ts';

test('a reset moves the identity aside and leaves the installed program where its service finds it', () => {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-reset-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const home = homeFiles(join(place, 'home'));
  mkdirSync(join(home.path, 'app/1.0.0'), { recursive: true });
  writeFileSync(home.keystore, '{}');
  const aside = reset(home);
  expect(existsSync(join(aside, 'keystore.json'))).toBe(true);
  expect(existsSync(join(aside, 'app'))).toBe(false);
  expect(existsSync(join(home.path, 'app/1.0.0'))).toBe(true);
  expect(existsSync(home.keystore)).toBe(false);
});

test('an imported identity whose database vanished is missed, and not replaced by a new one', async () => {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-import-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const home = homeFiles(join(place, 'home'));
  await importSecretKey(home, new Uint8Array(32).fill(7));
  rmSync(home.database);
  const config = { ...defaults, relays: ['ws://127.0.0.1:1'], port: 0 };
  await expect(startDaemon(home, config, { logToStderr: false })).rejects.toThrow(/its journal is there/);
});

test('an imported identity takes the place of another only where it is told to', async () => {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-import-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const home = homeFiles(join(place, 'home'));
  const [first, second] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(8)];
  expect(await importSecretKey(home, first)).toBeNull();
  await expect(importSecretKey(home, second)).rejects.toThrow(/already.*--replace/);
  const aside = await importSecretKey(home, second, true);
  expect(await readSecretKey(home)).toEqual(second);
  expect(await readSecretKey(homeFiles(aside ?? ''))).toEqual(first);
});

test('a home whose daemon runs is not moved, and how to stop it is told', () => {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-reset-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const home = homeFiles(join(place, 'home'));
  mkdirSync(home.path);
  takeLock(home.lockFile);
  expect(() => reset(home)).toThrow(/pid \d+.*Ctrl-C.*`ocmesh service stop`/);
  expect(existsSync(home.path)).toBe(true);
});
