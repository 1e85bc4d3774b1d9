import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createSystemClock } from '../adapters/system/clock.ts';
import { homeFiles } from '../adapters/system/home.ts';
import { takeOwnership } from '../adapters/system/ownership.ts';
import { createSystemRandom } from '../adapters/system/random.ts';
import { reset } from './reset.ts';

test('a reset moves the identity aside and leaves the installed program, and the events of the relay, in their place', async () => {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-reset-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const home = homeFiles(join(place, 'home'));
  mkdirSync(join(home.path, 'app/1.0.0'), { recursive: true });
  mkdirSync(join(home.path, 'relay'));
  writeFileSync(home.keystore, '{}');
  const aside = await reset(home);
  expect(existsSync(join(aside, 'keystore.json'))).toBe(true);
  expect(existsSync(join(aside, 'app'))).toBe(false);
  expect(existsSync(join(home.path, 'app/1.0.0'))).toBe(true);
  expect(existsSync(join(home.path, 'relay'))).toBe(true);
  expect(existsSync(home.keystore)).toBe(false);
});

test('a reset refuses while the daemon is running and says how to stop it', async () => {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-reset-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const home = homeFiles(join(place, 'home'));
  mkdirSync(home.path);
  const ownership = await takeOwnership(home.lockFile, {
    clock: createSystemClock(),
    random: createSystemRandom(),
  });
  onTestFinished(ownership.release);
  await expect(reset(home)).rejects.toThrow(/pid \d+.*Ctrl-C.*`ocmesh service stop`/);
  expect(existsSync(home.path)).toBe(true);
});
