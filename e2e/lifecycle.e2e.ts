import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { until } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import { createMesh, startPair } from './support/mesh.ts';

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
// No relay listens here; these tests need none.
const nowhere = ['ws://127.0.0.1:9'];

describe('starting and stopping', () => {
  it('refuses a port that another ocmesh holds, and says who, with exit code 78', async () => {
    const mesh = createMesh();
    const alice = await mesh.startAgent('alice', nowhere);
    const { port } = new URL(alice.url);
    const refused = mesh.startAgent('bob', nowhere, { OCMESH_PORT: port });
    await expect(refused).rejects.toThrow(/exit code 78/);
    await expect(refused).rejects.toThrow(
      new RegExp(`Another ocmesh \\(${alice.npub}\\) listens on port ${port}`),
    );
  });

  it('retries a port in use for five seconds, then exits with 75', async () => {
    const mesh = createMesh();
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    const startedAt = performance.now();
    await expect(mesh.startAgent('alice', nowhere, { OCMESH_PORT: port })).rejects.toThrow(/exit code 75/);
    expect(performance.now() - startedAt).toBeGreaterThan(5_000);
    server.close();
  });

  it('runs the compiled code that an earlier start kept', async () => {
    const mesh = createMesh();
    const first = await mesh.startAgent('alice', nowhere);
    const code = join(first.home, 'cache/code');
    await until(() => existsSync(code));
    await first.stop();
    const kept = statSync(code);

    // It would replace code that V8 refuses, before this call returns.
    const second = await mesh.startAgent('alice', nowhere);
    await second.api.waitForMessages({ timeout_s: 1 });
    expect(statSync(code)).toMatchObject({ ino: kept.ino, mtimeMs: kept.mtimeMs });
  });

  it('refuses a home that another daemon uses', async () => {
    const mesh = createMesh();
    const alice = await mesh.startAgent('alice', nowhere);
    await expect(mesh.startAgent('alice', nowhere)).rejects.toThrow(
      new RegExp(`Another ocmesh daemon \\(pid ${alice.child.pid}\\)`),
    );
  });

  it.each([
    [
      'an overwritten store',
      (home: string) => writeFileSync(join(home, 'ocmesh.db'), 'not a database'),
      'ocmesh.db',
    ],
    ['a lost key file', (home: string) => rmSync(join(home, 'ocmesh.key')), 'ocmesh.db'],
    ['a lost keystore', (home: string) => rmSync(join(home, 'keystore.json')), 'ocmesh.db'],
    ['a lost store', (home: string) => writeFileSync(join(home, 'ocmesh.db'), ''), 'ocmesh.key'],
    ['a cut store', (home: string) => truncateSync(join(home, 'ocmesh.db'), 8192), 'ocmesh.db'],
    [
      'a store behind a link',
      (home: string) => {
        renameSync(join(home, 'ocmesh.db'), join(home, 'elsewhere'));
        symlinkSync(join(home, 'elsewhere'), join(home, 'ocmesh.db'));
      },
      'elsewhere',
    ],
  ])('refuses %s with exit code 78 and leaves the files as they are', async (_, damage, witness) => {
    const mesh = createMesh();
    const alice = await mesh.startAgent('alice', nowhere);
    await alice.stop();
    damage(alice.home);
    const before = hashOf(join(alice.home, witness));
    const again = mesh.startAgent('alice', nowhere);
    await expect(again).rejects.toThrow(/exit code 78/);
    await expect(again).rejects.toThrow(alice.home);
    expect(hashOf(join(alice.home, witness))).toBe(before);
  });

  it('closes a home to others that a volume opened to them, and warns', async () => {
    const mesh = createMesh();
    const alice = await mesh.startAgent('alice', nowhere);
    await alice.stop();
    const opened = ['', 'ocmesh.db', 'ocmesh.key', 'keystore.json', 'token'].map((name) =>
      join(alice.home, name),
    );
    for (const path of opened) chmodSync(path, statSync(path).isDirectory() ? 0o2770 : 0o660);
    const again = await mesh.startAgent('alice', nowhere);
    expect(again.pubkey).toBe(alice.pubkey);
    for (const path of opened) expect(statSync(path).mode & 0o77, path).toBe(0);
    expect(again.output()).toMatch(/others had access to this.* path=\S+ocmesh.key mode=660/);
  });

  it('refuses an invalid configuration, and names the file and field', async () => {
    const mesh = createMesh();
    const home = join(mesh.place, 'alice');
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, 'config.json'), JSON.stringify({ realys: [] }), { mode: 0o600 });
    const refused = mesh.startAgent('alice', nowhere);
    await expect(refused).rejects.toThrow(/exit code 78/);
    await expect(refused).rejects.toThrow(/config\.json is wrong: realys/);
  });

  it('reads file < environment < flags', async () => {
    const mesh = createMesh();
    const home = join(mesh.place, 'alice');
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, 'config.json'), JSON.stringify({ name: 'from the file', relays: nowhere }), {
      mode: 0o600,
    });
    const alice = await mesh.startAgent('alice', [], { OCMESH_NAME: '' });
    expect((await alice.api.getIdentity({})).name).toBe('from the file');
    expect((await alice.api.listRelays({})).map(({ url }) => url)).toEqual(nowhere);
    await alice.stop();
    const renamed = await mesh.startAgent('alice', [], { OCMESH_NAME: 'from the environment' });
    expect((await renamed.api.getIdentity({})).name).toBe('from the environment');
  });

  it('stops once, cleanly, however many signals it gets', async () => {
    const mesh = createMesh();
    const relay = await mesh.startRelay();
    const alice = await mesh.startAgent('alice', [relay.url]);
    alice.child.kill('SIGTERM');
    alice.child.kill('SIGTERM');
    alice.child.kill('SIGINT');
    expect(await alice.stop()).toBe(0);
    expect(alice.output().match(/\[INFO\] stopping/g)).toHaveLength(1);
    expect(alice.output()).toContain('[INFO] stopped');
  });

  it('writes log lines that can be searched', async () => {
    const { relay, alice, bob } = await startPair();
    const lines = readFileSync(join(alice.home, 'ocmesh.log'), 'utf8').trimEnd().split('\n');
    for (const line of lines)
      expect(line).toMatch(/^\[\d{4}-\d\d-\d\dT[\d:.]+Z\] \[(DEBUG|INFO|WARN|ERROR)\] \S/);
    expect(lines.join('\n')).toContain(`relay connected to ${relay.url}`);
    expect(lines.join('\n')).toContain(`discovered peer ${bob.pubkey}`);
  });
});
