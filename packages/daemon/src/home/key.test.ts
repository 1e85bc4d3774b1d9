import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { direct } from '../adapters/nostr/proxy/dialer.ts';
import { homeFiles } from '../adapters/system/home.ts';
import { startDaemon } from '../app.ts';
import { defaults } from '../config/schema.ts';
import { importSecretKey, readSecretKey } from './key.ts';

test('a daemon does not replace an imported identity whose database is gone', async () => {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-import-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const home = homeFiles(join(place, 'home'));
  await importSecretKey(home, new Uint8Array(32).fill(7));
  rmSync(home.database);
  const config = { ...defaults, relays: ['ws://127.0.0.1:1'], port: 0 };
  const options = { logToStderr: false, outbound: { ...direct, proxyFrom: null } };
  await expect(startDaemon(home, config, options)).rejects.toThrow(/its journal is there/);
});

test('an imported identity replaces another one only with --replace', async () => {
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
