import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { homeFiles } from '../adapters/system/home.ts';
import { takeLock } from '../adapters/system/lock.ts';
import { reset } from './reset.ts';

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

test('a reset refuses while the daemon is running and says how to stop it', () => {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-reset-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const home = homeFiles(join(place, 'home'));
  mkdirSync(home.path);
  takeLock(home.lockFile);
  expect(() => reset(home)).toThrow(/pid \d+.*Ctrl-C.*`ocmesh service stop`/);
  expect(existsSync(home.path)).toBe(true);
});
