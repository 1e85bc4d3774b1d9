import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openCommandLine } from '../../../test/support/command-line.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'ocmesh-backup-'));
  onTestFinished(() => rmSync(place, { recursive: true }));
});

const openCommand = () => openCommandLine({ OCMESH_HOME: join(place, 'home') });

test.each([['backup'], ['key export']])(
  '%s does not ask for a passphrase if its file exists',
  async (line) => {
    const file = join(place, 'there');
    writeFileSync(file, 'x');
    expect(await openCommand().run([...line.split(' '), file])).toEqual({
      out: '',
      err: `ocmesh: ${file} cannot be written: it exists. Choose another file.\n`,
      code: 78,
    });
  },
);

test.each([['restore'], ['key import']])(
  '%s does not ask for a passphrase if there is already an identity',
  async (line) => {
    mkdirSync(join(place, 'home'));
    writeFileSync(join(place, 'home/keystore.json'), '{}');
    const { err, code } = await openCommand().run([...line.split(' '), join(place, 'file')]);
    expect(err).toMatch(/There is already an identity in .* Use --replace to move it aside\./);
    expect(code).toBe(78);
  },
);

test('without a terminal, the error says how to pass a passphrase in a file', async () => {
  const { err } = await openCommand().run(['restore', join(place, 'file')]);
  expect(err).toContain('--passphrase-file');
});
