import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { openCommandLine } from '../../../test/support/command-line.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'ocmesh-backup-'));
  vi.stubEnv('OCMESH_HOME', join(place, 'home'));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(place, { recursive: true });
  });
});

test.each([['backup'], ['key export']])(
  '%s does not ask for a passphrase where its file exists',
  async (line) => {
    const file = join(place, 'there');
    writeFileSync(file, 'x');
    expect(await openCommandLine().run([...line.split(' '), file])).toEqual({
      out: '',
      err: `ocmesh: ${file} cannot be written: it exists. Name another file.\n`,
      code: 78,
    });
  },
);

test.each([['restore'], ['key import']])(
  '%s does not ask for one where an identity is in the way',
  async (line) => {
    mkdirSync(join(place, 'home'));
    writeFileSync(join(place, 'home/keystore.json'), '{}');
    const { err, code } = await openCommandLine().run([...line.split(' '), join(place, 'file')]);
    expect(err).toContain('already. Use --replace to move it aside.');
    expect(code).toBe(78);
  },
);

test('without a terminal a passphrase comes from a file, and how is said', async () => {
  const { err } = await openCommandLine().run(['restore', join(place, 'file')]);
  expect(err).toContain('--passphrase-file');
});
