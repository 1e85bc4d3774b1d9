import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitForMessages } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import { createMesh, startPair } from './support/mesh.ts';
import { ocmeshProgram } from './support/programs.ts';

const run = promisify(execFile);

/** Runs the command for a home; rejects with exit code and output. */
const ocmesh = (home: string, ...args: string[]) =>
  run(process.execPath, [ocmeshProgram, ...args], { env: { PATH: process.env['PATH'], OCMESH_HOME: home } });

function passphraseFile(place: string, text = 'correct horse battery staple'): string {
  const path = join(place, `passphrase-${text.length}`);
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return path;
}

describe('the identity', () => {
  it.each([
    ['ncryptsec1', []],
    ['nsec1', ['--plain']],
  ])('goes out as %s and comes in again elsewhere', async (prefix, flags) => {
    const mesh = createMesh();
    const alice = await mesh.startAgent('alice', ['ws://127.0.0.1:9']);
    const file = join(mesh.place, 'key.txt');
    const passphrase = ['--passphrase-file', passphraseFile(mesh.place)];
    await ocmesh(alice.home, 'key', 'export', file, ...flags, ...passphrase);
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^${prefix}`));
    expect(statSync(file).mode & 0o077).toBe(0);

    await ocmesh(join(mesh.place, 'again'), 'key', 'import', file, ...passphrase);
    const again = await mesh.startAgent('again', ['ws://127.0.0.1:9']);
    expect(again.pubkey).toBe(alice.pubkey);
  });

  it('is never printed to a pipe or without its passphrase, and replaces no other', async () => {
    const mesh = createMesh();
    const alice = await mesh.startAgent('alice', ['ws://127.0.0.1:9']);
    await expect(ocmesh(alice.home, 'key', 'export')).rejects.toMatchObject({ code: 78 });
    const file = join(mesh.place, 'key.txt');
    await ocmesh(alice.home, 'key', 'export', file, '--passphrase-file', passphraseFile(mesh.place));
    await alice.stop();
    const wrong = ['--passphrase-file', passphraseFile(mesh.place, 'something else')];
    await expect(ocmesh(join(mesh.place, 'b'), 'key', 'import', file, ...wrong)).rejects.toMatchObject({
      code: 78,
    });
    expect(existsSync(join(mesh.place, 'b'))).toBe(false);
    const right = ['--passphrase-file', passphraseFile(mesh.place)];
    const taken = ocmesh(alice.home, 'key', 'import', file, ...right);
    await expect(taken).rejects.toMatchObject({ code: 78, stderr: expect.stringContaining('already') });
  });

  it('survives in a backup made while the daemon runs', async () => {
    const { mesh, relay, alice, bob } = await startPair();
    await alice.api.sendMessage({ to: bob.pubkey, content: 'to be kept' });
    await waitForMessages(bob);
    const { cursor } = await bob.api.waitForMessages({ after: '0' });
    const file = join(mesh.place, 'bob.backup');
    const passphrase = ['--passphrase-file', passphraseFile(mesh.place)];
    await ocmesh(bob.home, 'backup', file, ...passphrase);
    await expect(ocmesh(bob.home, 'restore', file, ...passphrase)).rejects.toMatchObject({ code: 78 });
    const replacing = ocmesh(bob.home, 'restore', file, '--replace', ...passphrase);
    await expect(replacing).rejects.toMatchObject({
      stderr: expect.stringContaining(`pid ${bob.child.pid}`),
    });
    await bob.stop();

    await ocmesh(bob.home, 'restore', file, '--replace', ...passphrase);
    expect(readdirSync(mesh.place)).toContain('bob.old-1');
    const restored = await mesh.startAgent('bob', [relay.url]);
    expect(restored.pubkey).toBe(bob.pubkey);
    expect((await restored.api.listMessages({})).items.map(({ content }) => content)).toEqual(['to be kept']);
    await expect(restored.api.waitForMessages({ after: cursor })).rejects.toMatchObject({
      code: 'cursor_unknown',
    });
    expect((await restored.api.getPeer({ pubkey: alice.pubkey })).handshake).toBe('acknowledged');
  });

  it('is new after a reset, which moves the old home aside', async () => {
    const mesh = createMesh();
    const alice = await mesh.startAgent('alice', ['ws://127.0.0.1:9']);
    await expect(ocmesh(alice.home, 'reset', '--yes')).rejects.toMatchObject({ code: 78 });
    await alice.stop();
    await ocmesh(alice.home, 'reset', '--yes');
    const fresh = await mesh.startAgent('alice', ['ws://127.0.0.1:9']);
    expect(fresh.pubkey).not.toBe(alice.pubkey);
    expect(existsSync(`${alice.home}.old-1/ocmesh.db`)).toBe(true);
  });
});
