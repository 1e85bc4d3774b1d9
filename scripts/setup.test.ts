import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

/** Runs the setup of a workspace with this pin, where npm delivers some other bytes as the package. */
function setUpWith(packageManager: string) {
  const root = mkdtempSync(join(tmpdir(), 'ocmesh-setup-test-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'scripts'));
  copyFileSync(join(import.meta.dirname, 'setup.mjs'), join(root, 'scripts/setup.mjs'));
  writeFileSync(join(root, 'package.json'), JSON.stringify({ packageManager }));
  const npm = join(root, 'npm-cli.js');
  const deliver = `require('fs').writeFileSync(process.argv.at(-1) + '/pnpm.tgz', 'other'); console.log('pnpm.tgz')`;
  writeFileSync(npm, deliver);
  const env = { PATH: process.env['PATH'] ?? '', npm_execpath: npm };
  return spawnSync(process.execPath, [join(root, 'scripts/setup.mjs')], { env, encoding: 'utf8' });
}

test('package.json pins pnpm by its hash', () => {
  const { packageManager } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
  expect(packageManager).toMatch(/^pnpm@\d+\.\d+\.\d+\+sha512\.[0-9a-f]{128}$/);
});

test('the setup runs no pnpm but the pinned one', () => {
  const { status, stderr } = setUpWith(`pnpm@10.0.0+sha512.${'a'.repeat(128)}`);
  expect([status, stderr]).toEqual([1, expect.stringContaining('is not the package that package.json pins')]);
});

test.each(['pnpm@10.0.0', 'pnpm@10.0.0+sha1.abc', 'npm@11.0.0'])('the setup refuses the pin %s', (pin) => {
  const { status, stderr } = setUpWith(pin);
  expect([status, stderr]).toEqual([1, expect.stringContaining('has to pin pnpm')]);
});
