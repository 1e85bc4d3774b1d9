import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { getPublicKey, nip19 } from 'nostr-tools';
import { expect, it } from 'vitest';
import { createMesh } from './support/mesh.ts';
import { ocmeshProgram } from './support/programs.ts';
import { mountSmallDisk } from './support/small-disk.ts';

// No relay listens here; these tests need none.
const nowhere = ['ws://127.0.0.1:9'];
const run = promisify(execFile);
const [restored, replaced] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(8)];

const ocmesh = (home: string, args: readonly string[], killedBefore = 'nothing') => {
  const preload = `--import=${join(import.meta.dirname, 'support/killed-before.mjs')}`;
  return run(process.execPath, [preload, ocmeshProgram, ...args], {
    env: { PATH: process.env['PATH'], HOME: home, OCMESH_HOME: home, TEST_KILLED_BEFORE: killedBefore },
  });
};

it('a restore that is killed at any of its last renames is finished by the next start', async () => {
  const mesh = createMesh();
  const file = (name: string, content: string): string => {
    writeFileSync(join(mesh.place, name), content);
    return join(mesh.place, name);
  };
  const stock = join(mesh.place, 'stock');
  const passphrase = ['--passphrase-file', file('passphrase', 'open sesame')];
  const backup = join(mesh.place, 'backup');
  await ocmesh(stock, ['key', 'import', file('one.nsec', nip19.nsecEncode(restored))]);
  await ocmesh(stock, ['backup', backup, ...passphrase]);
  await ocmesh(stock, ['key', 'import', '--replace', file('two.nsec', nip19.nsecEncode(replaced))]);

  for (const [name, step] of [
    ['before', '/before.old-1'],
    ['aside', '/aside.new/app'],
    ['program', '/program'],
  ] as const) {
    const home = join(mesh.place, name);
    cpSync(stock, home, { recursive: true });
    mkdirSync(join(home, 'app'));
    const restoring = ocmesh(home, ['restore', '--replace', backup, ...passphrase], step);
    await expect(restoring).rejects.toMatchObject({ signal: 'SIGKILL' });
    const isMoved = existsSync(`${home}.old-1`);
    const agent = await mesh.startAgent(name, nowhere);
    expect(agent.pubkey, step).toBe(getPublicKey(isMoved ? restored : replaced));
    if (isMoved) expect(agent.output()).toContain('finished a restore');
    expect(readdirSync(home)).toContain('app');
    await agent.stop();
  }
});

/** Mounts the folder on itself, as a container mounts one of its host. Returns false if only root may. */
function mountOnItself(path: string): boolean {
  mkdirSync(path);
  return spawnSync('mount', ['--bind', path, path]).status === 0;
}

it.each([
  ['another disk', mountSmallDisk],
  ['a folder of the same disk', mountOnItself],
])('a home that is the mount point of %s is refused before anything moves', async (_, mount) => {
  const mesh = createMesh();
  const home = join(mesh.place, 'a volume');
  if (!mount(home)) return;
  try {
    writeFileSync(join(home, 'config.json'), '{}');
    const key = join(mesh.place, 'one.nsec');
    writeFileSync(key, nip19.nsecEncode(restored));
    await expect(ocmesh(home, ['key', 'import', key])).rejects.toMatchObject({
      code: 78,
      stderr: expect.stringContaining('is a mount point, which cannot be moved. Set OCMESH_HOME'),
    });
    expect(readdirSync(mesh.place).sort()).toEqual(['a volume', 'one.nsec']);
    expect(readdirSync(home)).toEqual(['config.json']);
  } finally {
    if (mount === mountOnItself) spawnSync('umount', ['-l', home]);
  }
});
