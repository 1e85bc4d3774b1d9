import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { homeFiles } from './adapters/system/home.ts';
import { startDaemon } from './app.ts';
import { defaults } from './config/schema.ts';
import { importSecretKey, reset } from './offline.ts';

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
