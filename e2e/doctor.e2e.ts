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
import { writeNewerSchema } from './support/newer-schema.ts';
import { createPatient, expectFault, failed, homeOfBob, states, workingRelay } from './support/patient.ts';
import { writeService } from './support/written-service.ts';

/** Undone after the test, the last first. */
const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** What may not be touched. */
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
    const patient = createPatient();
    const { mesh, home } = patient;
    const alice = await mesh.startAgent('alice', [workingRelay()]);
    const { code, checks } = await patient.doctor();
    expect(states(checks, 'skipped')).toEqual(['service', 'clients']);
    expect(states(checks, 'ok')).toHaveLength(checks.length - 2);
    expect(code).toBe(0);
    const { items } = await alice.api.listMessages({ direction: 'all' });
    expect(items).toEqual([]);
    expect((await alice.api.getStatus({})).known_peer_count).toBe(0);
    expect(readdirSync(home)).not.toContain('backups');
  });

  it('says what the running daemon was given, and where that is not seen from here', async () => {
    const patient = createPatient();
    await patient.mesh.startAgent('alice', [workingRelay()], { OCMESH_API_AUTH: 'token' });
    const { code, checks } = await patient.doctor({ OCMESH_RELAYS: '' });
    const { found } = checks.find(({ id }) => id === 'settings') ?? {};
    expect(found).toContain(
      `name “alice”, relays ${workingRelay()}, api_auth token. The daemon has this from`,
    );
    expect(code).toBe(0);
  });

  it('warns that the daemon does not run, and calls everything else whole', async () => {
    const patient = createPatient();
    const before = fingerprint(patient.home);
    const { code, checks } = await patient.doctor();
    expect(states(checks, 'warn')).toEqual(['daemon']);
    expect(failed(checks)).toEqual([]);
    expect(code).toBe(0);
    expect(fingerprint(patient.home)).toEqual(before);
  });

  it('examines the relays that the last run had of its own, and no others', async () => {
    const patient = createPatient();
    const alice = await patient.mesh.startAgent('alice', [workingRelay()]);
    await until(async () => (await alice.api.listRelays({}))[0]?.carries_dms === true);
    // Its round trip takes longer than the first catch-up, which is what the store remembers of a relay.
    await patient.doctor();
    await alice.stop();
    const { code, checks } = await patient.doctor({ OCMESH_RELAYS: '' });
    expect(checks.filter(({ id }) => id === 'relays').map(({ state, found }) => [state, found])).toEqual([
      ['skipped', expect.stringContaining('not the default ones')],
      ['ok', expect.stringContaining(`${workingRelay()}: connected`)],
    ]);
    expect(code).toBe(0);
  });

  it('says what to do where there is no home yet, and makes none', async () => {
    const patient = createPatient();
    rmSync(patient.home, { recursive: true });
    const { code, checks } = await patient.doctor();
    expect(failed(checks)).toEqual([]);
    expect(states(checks, 'skipped')).toEqual([
      'permissions',
      'key',
      'store',
      'disk',
      'service',
      'round_trip',
      'clients',
    ]);
    expect(code).toBe(0);
    expect(readdirSync(patient.mesh.place)).not.toContain('alice');
  });

  it('prints a line for each check, why and what helps where something is wrong, and a summary', async () => {
    const patient = createPatient();
    chmodSync(patient.home, 0o755);
    const { code, stdout } = await patient.ocmesh('doctor');
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

describe('ocmesh doctor names the fault, and only it', () => {
  it('a key that others may read', async () => {
    const patient = createPatient();
    chmodSync(join(patient.home, 'ocmesh.key'), 0o640);
    await expectFault(patient, 'permissions', /Others may read .*ocmesh\.key \(640\)/);
  });

  it('a home that others may enter', async () => {
    const patient = createPatient();
    chmodSync(patient.home, 0o755);
    await expectFault(patient, 'permissions', /Others may enter .*alice \(755\)/);
  });

  it('a store behind a link', async () => {
    const patient = createPatient();
    const store = join(patient.home, 'ocmesh.db');
    renameSync(store, join(patient.user, 'elsewhere'));
    symlinkSync(join(patient.user, 'elsewhere'), store);
    await expectFault(patient, 'permissions', /ocmesh\.db is a symbolic link/);
  });

  it('a key file that is missing', async () => {
    const patient = createPatient();
    rmSync(join(patient.home, 'ocmesh.key'));
    await expectFault(patient, 'key', /ocmesh\.key is missing/);
  });

  it('a key file of another home', async () => {
    const patient = createPatient();
    copyFileSync(join(homeOfBob(), 'ocmesh.key'), join(patient.home, 'ocmesh.key'));
    await expectFault(patient, 'key', /does not fit/);
  });

  it('both keys of another home', async () => {
    const patient = createPatient();
    for (const name of ['ocmesh.key', 'keystore.json'])
      copyFileSync(join(homeOfBob(), name), join(patient.home, name));
    await expectFault(patient, 'store', /page 1 is damaged, or the key is wrong/);
  });

  it('a damaged snapshot', async () => {
    const patient = createPatient();
    flip(join(patient.home, 'ocmesh.db'), 9_000);
    await expectFault(patient, 'store', /ocmesh\.db cannot be read: page 3 is damaged/);
  });

  it('a journal that is damaged in the middle', async () => {
    const patient = createPatient();
    const alice = await patient.mesh.startAgent('alice', [workingRelay()]);
    // Two commits: the first of them is not the last, which alone may be torn.
    await alice.api.addRelay({ url: 'wss://one.example' });
    await alice.api.addRelay({ url: 'wss://two.example' });
    await alice.kill();
    for (const name of ['daemon.json', 'daemon.lock']) rmSync(join(patient.home, name));
    flip(join(patient.home, 'ocmesh.db-wal.00000002'), 100);
    await expectFault(patient, 'store', /ocmesh\.db-wal\.00000002 is damaged at byte 64/);
  });

  it('a journal that was cut', async () => {
    const patient = createPatient();
    truncateSync(join(patient.home, 'ocmesh.db-wal.00000002'), 4096);
    await expectFault(patient, 'store', /ocmesh\.db-wal\.00000002 was truncated/);
  });

  it('a store that a newer ocmesh wrote', async () => {
    const patient = createPatient();
    await writeNewerSchema(patient.home, 99);
    await expectFault(patient, 'store', /it has schema 99/);
  });

  it('a configuration with a field that does not exist', async () => {
    const patient = createPatient();
    writeFileSync(join(patient.home, 'config.json'), '{"realys": []}');
    await expectFault(patient, 'config', /config\.json is wrong: realys/);
  });

  it('a configuration that is no JSON', async () => {
    const patient = createPatient();
    writeFileSync(join(patient.home, 'config.json'), '{"relays": [');
    await expectFault(patient, 'config', /config\.json is wrong: it is no JSON object/);
  });

  it('a port that another program holds', async () => {
    const patient = createPatient();
    const port = await listenSomewhere();
    await expectFault(patient, 'port', /another program listens on/, { OCMESH_PORT: port });
  });

  it('a port that another ocmesh holds', async () => {
    const patient = createPatient();
    const bob = await patient.mesh.startAgent('bob', [workingRelay()]);
    const { port } = new URL(bob.url);
    await expectFault(patient, 'port', new RegExp(`another ocmesh \\(${bob.npub}\\)`), { OCMESH_PORT: port });
  });

  it('a daemon that was killed', async () => {
    const patient = createPatient();
    const alice = await patient.mesh.startAgent('alice', [workingRelay()]);
    await alice.kill();
    await expectFault(patient, 'daemon', new RegExp(`exited uncleanly \\(pid ${alice.child.pid}\\)`));
  });

  it('a daemon that hangs', async () => {
    const patient = createPatient();
    const alice = await patient.mesh.startAgent('alice', [workingRelay()]);
    alice.child.kill('SIGSTOP');
    undo.push(() => alice.child.kill('SIGCONT'));
    await expectFault(
      patient,
      'daemon',
      new RegExp(`pid ${alice.child.pid} holds the home, but does not respond`),
    );
    alice.child.kill('SIGCONT');
  });

  it('a relay that is gone', async () => {
    const patient = createPatient();
    await expectFault(patient, 'relays', /127\.0\.0\.1:9: TCP: cannot connect \(ECONNREFUSED\)/, {
      OCMESH_RELAYS: 'ws://127.0.0.1:9',
    });
  });

  it.each<[HostileRelayName, string, RegExp]>([
    ['refuses-auth', 'relays', /AUTH \(NIP-42\) failed/],
    ['http-402', 'relays', /requires payment/],
    ['http-403', 'relays', /serves only its members/],
    ['restricted-writer', 'round_trip', /did not accept it \(rejected\)/],
    ['ok-but-drops', 'round_trip', /does not return it/],
  ])('the relay %s', async (name, id, found) => {
    const patient = createPatient();
    const relay = await startHostileRelay(name);
    undo.push(() => relay.close());
    await expectFault(patient, id, found, { OCMESH_RELAYS: relay.url });
  });

  it('a full disk', async ({ skip }) => {
    const patient = createPatient();
    const small = join(patient.mesh.place, 'small');
    if (!mountSmallDisk(small)) skip('only root may mount a small disk');
    execFileSync('cp', ['-a', `${patient.home}/.`, small]);
    try {
      writeFileSync(join(small, 'filler'), Buffer.alloc(16 * 1024 * 1024));
    } catch {
      // That is the point.
    }
    await expectFault(patient, 'disk', /0 KB free/, { OCMESH_HOME: small });
  });

  it('a service whose node is gone', async () => {
    const patient = createPatient();
    writeService(patient.user, patient.home, '/gone/bin/node');
    await expectFault(patient, 'service', /starts \/gone\/bin\/node: it is not there/);
  });

  it('a client configuration that is no JSON', async () => {
    const patient = createPatient();
    write(join(patient.user, '.cursor/mcp.json'), '{"mcpServers": {"ocmesh": {"command": "ocmesh",}}}');
    await expectFault(patient, 'clients', /Cursor, .*mcp\.json: not valid JSON/);
  });

  it('a client that starts what is not there', async () => {
    const patient = createPatient();
    const servers = { ocmesh: { command: process.execPath, args: ['/gone/ocmesh-mcp.mjs'] } };
    write(join(patient.user, '.openclaw/openclaw.json'), JSON.stringify({ mcp: { servers } }));
    await expectFault(patient, 'clients', /OpenClaw, .*: ocmesh starts \/gone\/ocmesh-mcp\.mjs/);
  });
});

describe('ocmesh doctor --fix', () => {
  it('shows what it would change, and changes nothing without a yes', async () => {
    const patient = createPatient();
    chmodSync(patient.home, 0o755);
    const { code, stderr } = await patient.ocmesh('doctor', '--fix');
    expect(stderr).toMatch(/Changes:\n {2}chmod 700 .*alice \(it is 755 now\)/);
    expect(stderr).toContain('Nothing was changed');
    expect(code).toBe(1);
    expect(statSync(patient.home).mode & 0o777).toBe(0o755);
  });

  it('closes home and key again, keeps what they are, and notes what it did', async () => {
    const patient = createPatient();
    const before = fingerprint(patient.home);
    chmodSync(patient.home, 0o755);
    chmodSync(join(patient.home, 'ocmesh.key'), 0o644);
    const { code, checks } = await patient.doctor({}, '--fix', '--yes');
    expect(failed(checks)).toEqual([]);
    expect(code).toBe(0);
    expect(statSync(patient.home).mode & 0o777).toBe(0o700);
    expect(fingerprint(patient.home)).toEqual(before);
    expect(backupOf(patient.home, 'changes.txt')).toMatch(
      /chmod 700 .*\nchmod 600 .*ocmesh\.key \(it is 644 now\)\n$/,
    );
    expect((await patient.doctor()).code).toBe(0);
  });

  it('clears up after a daemon that was killed, and keeps a copy', async () => {
    const patient = createPatient();
    const alice = await patient.mesh.startAgent('alice', [workingRelay()]);
    await alice.kill();
    const before = fingerprint(patient.home);
    const { code, checks } = await patient.doctor({}, '--fix', '--yes');
    expect(states(checks, 'warn')).toEqual(['daemon']);
    expect(code).toBe(0);
    expect(readdirSync(patient.home).filter((name) => name.startsWith('daemon'))).toEqual([]);
    expect(JSON.parse(backupOf(patient.home, 'daemon.json'))).toMatchObject({ pid: alice.child.pid });
    expect(fingerprint(patient.home)).toEqual(before);
    const again = await patient.mesh.startAgent('alice', [workingRelay()]);
    expect(again.pubkey).toBe(alice.pubkey);
    await until(async () => (await patient.doctor()).checks.every(({ state }) => state !== 'fail'));
  });

  it('never touches a store that is damaged', async () => {
    const patient = createPatient();
    flip(join(patient.home, 'ocmesh.db'), 9_000);
    const before = fingerprint(patient.home);
    const { code, checks } = await patient.doctor({}, '--fix', '--yes');
    expect(failed(checks).map(({ id }) => id)).toEqual(['store']);
    expect(code).toBe(1);
    expect(fingerprint(patient.home)).toEqual(before);
    expect(readdirSync(patient.home)).not.toContain('backups');
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

/** Only root may make one. */
function mountSmallDisk(path: string): boolean {
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return false;
  }
  undo.push(() => execFileSync('umount', ['-l', path]));
  return true;
}
