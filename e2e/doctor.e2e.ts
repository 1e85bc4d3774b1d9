import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
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
import { type HostileRelayName, startHostileRelay, until } from '@ocmesh/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createBrokenHome,
  expectFault,
  failed,
  homeOfBob,
  states,
  workingRelay,
} from './support/broken-home.ts';
import { writeNewerSchema } from './support/newer-schema.ts';
import { fillDisk, mountSmallDisk } from './support/small-disk.ts';
import { writeServiceFile } from './support/write-service-file.ts';

/** Clean-up steps, run in reverse after each test. */
const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Hashes of files that must not change. */
const fingerprint = (home: string): string[] =>
  readdirSync(home)
    .filter((name) => /^(ocmesh\.db|ocmesh\.key|keystore\.json|config\.json)/.test(name))
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(home, name)))
          .digest('hex')}`,
    );

describe('ocmesh doctor on a healthy home', () => {
  it('finds nothing wrong while its daemon runs, and leaves no message behind', async () => {
    const brokenHome = createBrokenHome();
    const { mesh, home } = brokenHome;
    const alice = await mesh.startAgent('alice', [workingRelay()]);
    const { code, checks } = await brokenHome.doctor();
    expect(states(checks, 'skipped')).toEqual(['service', 'clients', 'wake']);
    expect(states(checks, 'ok')).toHaveLength(checks.length - 3);
    expect(code).toBe(0);
    const { items } = await alice.api.listMessages({ direction: 'all' });
    expect(items).toEqual([]);
    expect((await alice.api.getStatus({})).known_peer_count).toBe(0);
    expect(readdirSync(home)).not.toContain('backups');
  });

  it('reports settings that only the running daemon has', async () => {
    const brokenHome = createBrokenHome();
    await brokenHome.mesh.startAgent('alice', [workingRelay()], { OCMESH_API_AUTH: 'token' });
    const { code, checks } = await brokenHome.doctor({ OCMESH_RELAYS: '' });
    const { found } = checks.find(({ id }) => id === 'settings') ?? {};
    expect(found).toContain(
      `name “alice”, relays ${workingRelay()}, api_auth token. The daemon has this from`,
    );
    expect(code).toBe(0);
  });

  it('warns that the daemon is not running, and finds nothing else wrong', async () => {
    const brokenHome = createBrokenHome();
    const before = fingerprint(brokenHome.home);
    const { code, checks } = await brokenHome.doctor();
    expect(states(checks, 'warn')).toEqual(['daemon']);
    expect(failed(checks)).toEqual([]);
    expect(code).toBe(0);
    expect(fingerprint(brokenHome.home)).toEqual(before);
  });

  it('checks the relays that only the last run used', async () => {
    const brokenHome = createBrokenHome();
    const alice = await brokenHome.mesh.startAgent('alice', [workingRelay()]);
    await until(async () => (await alice.api.listRelays({}))[0]?.carries_dms === true);
    // The round trip takes longer than the first catch-up, after which the store knows the relay.
    await brokenHome.doctor();
    await alice.stop();
    const { code, checks } = await brokenHome.doctor({ OCMESH_RELAYS: '' });
    expect(checks.filter(({ id }) => id === 'relays').map(({ state, found }) => [state, found])).toEqual([
      ['skipped', expect.stringContaining('not the default ones')],
      ['ok', expect.stringContaining(`${workingRelay()}: connected`)],
    ]);
    expect(code).toBe(0);
  });

  it('is helpful before the first start, and creates no home', async () => {
    const brokenHome = createBrokenHome();
    rmSync(brokenHome.home, { recursive: true });
    const { code, checks } = await brokenHome.doctor();
    expect(failed(checks)).toEqual([]);
    expect(states(checks, 'skipped')).toEqual([
      'permissions',
      'key',
      'copy',
      'store',
      'disk',
      'service',
      'round_trip',
      'clients',
      'wake',
    ]);
    expect(code).toBe(0);
    expect(readdirSync(brokenHome.mesh.place)).not.toContain('alice');
  });

  it('prints one line per check, why and next step for problems, and a summary', async () => {
    const brokenHome = createBrokenHome();
    chmodSync(brokenHome.home, 0o755);
    const { code, stdout } = await brokenHome.ocmesh('doctor');
    expect(stdout).toMatch(/^✓ Node\.js +\d+/m);
    expect(stdout).toMatch(
      /^✗ Permissions +Others may enter .*\n {4}why {3}\w.*\n {4}next {2}Run: chmod 700 /m,
    );
    expect(stdout).toMatch(/^- Store +Skipped: depends on Permissions\.$/m);
    expect(stdout).toMatch(/^\d+ ok, 1 warning, 1 failed, \d+ skipped$/m);
    expect(stdout).toContain('`ocmesh doctor --fix` can fix 1 of these.');
    expect(code).toBe(1);
  });
});

describe('ocmesh doctor reports each fault, and no other', () => {
  it('a key that others may read', async () => {
    const brokenHome = createBrokenHome();
    chmodSync(join(brokenHome.home, 'ocmesh.key'), 0o640);
    await expectFault(brokenHome, 'permissions', /Others may read .*ocmesh\.key \(640\)/);
  });

  it('a home that others may enter', async () => {
    const brokenHome = createBrokenHome();
    chmodSync(brokenHome.home, 0o755);
    await expectFault(brokenHome, 'permissions', /Others may enter .*alice \(755\)/);
  });

  it('a store behind a link', async () => {
    const brokenHome = createBrokenHome();
    const store = join(brokenHome.home, 'ocmesh.db');
    renameSync(store, join(brokenHome.user, 'elsewhere'));
    symlinkSync(join(brokenHome.user, 'elsewhere'), store);
    await expectFault(brokenHome, 'permissions', /ocmesh\.db is a symbolic link/);
  });

  it('a key file that is missing', async () => {
    const brokenHome = createBrokenHome();
    rmSync(join(brokenHome.home, 'ocmesh.key'));
    await expectFault(brokenHome, 'key', /ocmesh\.key is missing/);
  });

  it('a key file of another home', async () => {
    const brokenHome = createBrokenHome();
    copyFileSync(join(homeOfBob(), 'ocmesh.key'), join(brokenHome.home, 'ocmesh.key'));
    await expectFault(brokenHome, 'key', /does not match/);
  });

  it('both keys of another home', async () => {
    const brokenHome = createBrokenHome();
    for (const name of ['ocmesh.key', 'keystore.json'])
      copyFileSync(join(homeOfBob(), name), join(brokenHome.home, name));
    await expectFault(brokenHome, 'store', /page 1 is damaged, or the key is wrong/);
  });

  it('a damaged snapshot', async () => {
    const brokenHome = createBrokenHome();
    flip(join(brokenHome.home, 'ocmesh.db'), 9_000);
    await expectFault(brokenHome, 'store', /ocmesh\.db cannot be read: page 3 is damaged/);
  });

  it('a journal that is damaged in the middle', async () => {
    const brokenHome = createBrokenHome();
    const alice = await brokenHome.mesh.startAgent('alice', [workingRelay()]);
    // Two commits: only the last one may be torn, so this damage is in the first.
    await alice.api.addRelay({ url: 'wss://one.example' });
    await alice.api.addRelay({ url: 'wss://two.example' });
    await alice.kill();
    for (const name of ['daemon.json', 'daemon.lock']) rmSync(join(brokenHome.home, name));
    flip(join(brokenHome.home, 'ocmesh.db-wal.00000002'), 100);
    await expectFault(brokenHome, 'store', /ocmesh\.db-wal\.00000002 is damaged at byte 64/);
  });

  it('a journal that was cut', async () => {
    const brokenHome = createBrokenHome();
    truncateSync(join(brokenHome.home, 'ocmesh.db-wal.00000002'), 4096);
    await expectFault(brokenHome, 'store', /ocmesh\.db-wal\.00000002 was truncated/);
  });

  it('a store that a newer ocmesh wrote', async () => {
    const brokenHome = createBrokenHome();
    await writeNewerSchema(brokenHome.home, 99);
    await expectFault(brokenHome, 'store', /it has schema 99/);
  });

  it('a configuration with a field that does not exist', async () => {
    const brokenHome = createBrokenHome();
    writeFileSync(join(brokenHome.home, 'config.json'), '{"realys": []}');
    await expectFault(brokenHome, 'config', /config\.json is wrong: realys/);
  });

  it('a configuration that is not JSON', async () => {
    const brokenHome = createBrokenHome();
    writeFileSync(join(brokenHome.home, 'config.json'), '{"relays": [');
    await expectFault(brokenHome, 'config', /config\.json is wrong: it is not a JSON object/);
  });

  it('a port that another program holds', async () => {
    const brokenHome = createBrokenHome();
    const port = await listenSomewhere();
    await expectFault(brokenHome, 'port', /another program listens on/, { OCMESH_PORT: port });
  });

  it('a port that another ocmesh holds', async () => {
    const brokenHome = createBrokenHome();
    const bob = await brokenHome.mesh.startAgent('bob', [workingRelay()]);
    const { port } = new URL(bob.url);
    await expectFault(brokenHome, 'port', new RegExp(`another ocmesh \\(${bob.npub}\\)`), {
      OCMESH_PORT: port,
    });
  });

  it('a daemon that was killed', async () => {
    const brokenHome = createBrokenHome();
    const alice = await brokenHome.mesh.startAgent('alice', [workingRelay()]);
    await alice.kill();
    await expectFault(brokenHome, 'daemon', new RegExp(`exited uncleanly \\(pid ${alice.child.pid}\\)`));
  });

  it('a daemon that hangs', async () => {
    const brokenHome = createBrokenHome();
    const alice = await brokenHome.mesh.startAgent('alice', [workingRelay()]);
    alice.child.kill('SIGSTOP');
    undo.push(() => alice.child.kill('SIGCONT'));
    await expectFault(
      brokenHome,
      'daemon',
      new RegExp(`pid ${alice.child.pid} holds the home, but does not respond`),
    );
    alice.child.kill('SIGCONT');
  });

  it('a relay that is gone', async () => {
    const brokenHome = createBrokenHome();
    await expectFault(brokenHome, 'relays', /127\.0\.0\.1:9: TCP: cannot connect \(ECONNREFUSED\)/, {
      OCMESH_RELAYS: 'ws://127.0.0.1:9',
    });
  });

  it.each<[HostileRelayName, string, RegExp]>([
    ['refuses-auth', 'relays', /AUTH \(NIP-42\) failed/],
    ['http-402', 'relays', /requires payment/],
    ['http-403', 'relays', /serves only its members/],
    ['restricted-writer', 'round_trip', /[Rr]ejected it/],
    ['ok-but-drops', 'round_trip', /does not return it/],
  ])('the relay %s', async (name, id, found) => {
    const brokenHome = createBrokenHome();
    const relay = await startHostileRelay(name);
    undo.push(() => relay.close());
    await expectFault(brokenHome, id, found, { OCMESH_RELAYS: relay.url });
  });

  it('a full disk', async ({ skip }) => {
    const brokenHome = createBrokenHome();
    const small = join(brokenHome.mesh.place, 'small');
    if (!mountSmallDisk(small)) skip('only root may mount a small disk');
    execFileSync('cp', ['-a', `${brokenHome.home}/.`, small]);
    fillDisk(small);
    await expectFault(brokenHome, 'disk', /0 KB free/, { OCMESH_HOME: small });
  });

  it('a service whose node is gone', async () => {
    const brokenHome = createBrokenHome();
    writeServiceFile(brokenHome.user, brokenHome.home, '/gone/bin/node');
    await expectFault(brokenHome, 'service', /starts \/gone\/bin\/node: it does not exist/);
  });

  it('a client configuration that is not JSON', async () => {
    const brokenHome = createBrokenHome();
    write(join(brokenHome.user, '.cursor/mcp.json'), '{"mcpServers": {"ocmesh": {"command": "ocmesh",}}}');
    await expectFault(brokenHome, 'clients', /Cursor, .*mcp\.json: not valid JSON/);
  });

  it('a client that starts a missing program', async () => {
    const brokenHome = createBrokenHome();
    const servers = { ocmesh: { command: process.execPath, args: ['/gone/ocmesh-mcp.mjs'] } };
    write(join(brokenHome.user, '.openclaw/openclaw.json'), JSON.stringify({ mcp: { servers } }));
    await expectFault(brokenHome, 'clients', /OpenClaw, .*: ocmesh starts \/gone\/ocmesh-mcp\.mjs/);
  });
});

describe('ocmesh doctor --fix', () => {
  it('lists changes, and makes none without confirmation', async () => {
    const brokenHome = createBrokenHome();
    chmodSync(brokenHome.home, 0o755);
    const { code, stderr } = await brokenHome.ocmesh('doctor', '--fix');
    expect(stderr).toMatch(/Changes:\n {2}chmod 700 .*alice \(it is 755 now\)/);
    expect(stderr).toContain('Nothing was changed');
    expect(code).toBe(1);
    expect(statSync(brokenHome.home).mode & 0o777).toBe(0o755);
  });

  it('repairs permissions, keeps the files, and records the changes', async () => {
    const brokenHome = createBrokenHome();
    const before = fingerprint(brokenHome.home);
    chmodSync(brokenHome.home, 0o755);
    chmodSync(join(brokenHome.home, 'ocmesh.key'), 0o644);
    const { code, checks } = await brokenHome.doctor({}, '--fix', '--yes');
    expect(failed(checks)).toEqual([]);
    expect(code).toBe(0);
    expect(statSync(brokenHome.home).mode & 0o777).toBe(0o700);
    expect(fingerprint(brokenHome.home)).toEqual(before);
    expect(backupOf(brokenHome.home, 'changes.txt')).toMatch(
      /chmod 700 .*\nchmod 600 .*ocmesh\.key \(it is 644 now\)\n$/,
    );
    expect((await brokenHome.doctor()).code).toBe(0);
  });

  it('cleans up after a killed daemon, and keeps a copy', async () => {
    const brokenHome = createBrokenHome();
    const alice = await brokenHome.mesh.startAgent('alice', [workingRelay()]);
    await alice.kill();
    const before = fingerprint(brokenHome.home);
    const { code, checks } = await brokenHome.doctor({}, '--fix', '--yes');
    expect(states(checks, 'warn')).toEqual(['daemon']);
    expect(code).toBe(0);
    expect(readdirSync(brokenHome.home).filter((name) => name.startsWith('daemon'))).toEqual([]);
    expect(JSON.parse(backupOf(brokenHome.home, 'daemon.json'))).toMatchObject({ pid: alice.child.pid });
    expect(fingerprint(brokenHome.home)).toEqual(before);
    const again = await brokenHome.mesh.startAgent('alice', [workingRelay()]);
    expect(again.pubkey).toBe(alice.pubkey);
    await until(async () => (await brokenHome.doctor()).checks.every(({ state }) => state !== 'fail'));
  });

  it('never touches a store that is damaged', async () => {
    const brokenHome = createBrokenHome();
    flip(join(brokenHome.home, 'ocmesh.db'), 9_000);
    const before = fingerprint(brokenHome.home);
    const { code, checks } = await brokenHome.doctor({}, '--fix', '--yes');
    expect(failed(checks).map(({ id }) => id)).toEqual(['store']);
    expect(code).toBe(1);
    expect(fingerprint(brokenHome.home)).toEqual(before);
    expect(readdirSync(brokenHome.home)).not.toContain('backups');
  });
});

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

function write(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
}

function backupOf(home: string, name: string): string {
  const [folder = ''] = readdirSync(join(home, 'backups'));
  expect(statSync(join(home, 'backups', folder)).mode & 0o077).toBe(0);
  return readFileSync(join(home, 'backups', folder, name), 'utf8');
}

/** @returns the port */
async function listenSomewhere(): Promise<string> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address ? String(address.port) : '';
}
