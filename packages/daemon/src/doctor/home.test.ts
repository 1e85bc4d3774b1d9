import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Status } from '@ocmesh/shared/contract';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { createFakeClock, createRealClock, createSeededRandom } from '@ocmesh/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Home, homeFiles } from '../adapters/system/home.ts';
import { takeLock } from '../adapters/system/lock.ts';
import { createNostrToolsEngine } from '../core/identity/nostr-tools-engine.ts';
import { importSecretKey } from '../offline.ts';
import type { Machine } from '../service/find-supervisor.ts';
import type { Supervisor } from '../service/supervisor.ts';
import type { Check, Finding } from './check.ts';
import { configCheck } from './config.ts';
import { daemonCheck } from './daemon.ts';
import { diskCheck } from './disk.ts';
import { createFacts, type Facts } from './facts.ts';
import { keyCheck } from './key.ts';
import { mend } from './mend.ts';
import { nodeCheck } from './node.ts';
import { permissionsCheck } from './permissions.ts';
import { portCheck } from './port.ts';
import { storeCheck } from './store.ts';

let place: string;
let home: Home;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), "ocmesh-doctor's "));
  home = homeFiles(join(place, 'home'));
  await importSecretKey(home, new Uint8Array(32).fill(7));
});

afterEach(() => rmSync(place, { recursive: true }));

const uid = process.getuid?.() ?? 0;
const machineOf = (uid: number, env: Record<string, string> = {}): Machine => ({
  run: async () => ({ code: 127, stdout: '', stderr: '' }),
  clock: createRealClock(),
  env,
  userHome: place,
  uid,
});
const factsOf = (env: Record<string, string> = {}): Facts =>
  createFacts({
    home,
    machine: machineOf(uid, env),
    workingFolder: place,
    platform: 'linux',
    nodeVersion: '22.0.0',
    random: createSeededRandom(1),
    chooseEngine: async () => createNostrToolsEngine(),
    access: { baseUrl: () => Promise.reject(new Error('none runs')), fetch },
  });

const look = async (check: Check): Promise<Finding[]> => [await check.look()].flat();

describe(nodeCheck, () => {
  it.each([
    ['20.19.0', 'ok'],
    ['26.0.0', 'ok'],
    ['20.18.3', 'fail'],
    ['18.20.4', 'fail'],
  ])('%s is %s', async (nodeVersion, state) => {
    expect(await look(nodeCheck({ nodeVersion }))).toMatchObject([{ state }]);
  });
});

describe(configCheck, () => {
  it('says where each value comes from', async () => {
    writeFileSync(home.config, '{"port": 1234}');
    const [finding] = await look(configCheck(factsOf({ OCMESH_NAME: 'alice' })));
    expect(finding).toMatchObject({ state: 'ok', found: `port from ${home.config}, name from OCMESH_NAME` });
  });

  it('speaks for what it sees: a running daemon may have been started otherwise', async () => {
    const [finding] = await look(configCheck(factsOf()));
    expect(finding).toMatchObject({ state: 'ok', found: 'config.json and this environment set nothing' });
  });

  it('leaves to the policy what `ocmesh policy` may have overridden', async () => {
    writeFileSync(home.config, '{"strangers": "closed", "port": 1234}');
    const [finding] = await look(configCheck(factsOf()));
    expect(finding).toMatchObject({ state: 'ok', found: `port from ${home.config}` });
    writeFileSync(home.config, '{"strangers": "closed"}');
    expect(await look(configCheck(factsOf()))).toMatchObject([
      { found: 'config.json and this environment set nothing but the policy' },
    ]);
  });

  it('warns about a field with its former name, and says how to rename it', async () => {
    writeFileSync(home.config, '{"inbox_strangers": "closed", "port": 1234}');
    expect(await look(configCheck(factsOf()))).toMatchObject([
      {
        state: 'warn',
        found: `port from ${home.config}; inbox_strangers is now called strangers`,
        nextStep: 'Rename inbox_strangers to strangers in config.json. The old name still works.',
      },
    ]);
  });

  it('names the variable that is wrong', async () => {
    const [finding] = await look(configCheck(factsOf({ OCMESH_PORT: 'many' })));
    expect(finding).toMatchObject({
      state: 'fail',
      found: expect.stringMatching(/OCMESH_PORT is wrong: port/),
    });
  });
});

describe(permissionsCheck, () => {
  it('names everything that is wrong, not the first alone, with a command that a shell takes', async () => {
    chmodSync(home.path, 0o711);
    chmodSync(home.keystore, 0o604);
    symlinkSync('/nowhere', `${home.database}-wal.00000009`);
    const findings = await look(permissionsCheck({ home, machine: machineOf(uid) }));
    expect(findings.map(({ state }) => state)).toEqual(['fail', 'fail', 'fail']);
    expect(findings[0]?.nextStep).toBe(`Run: chmod 700 '${home.path.replace("'", "'\\''")}'`);
    expect(findings[1]?.found).toContain('keystore.json (604)');
    expect(findings[2]?.found).toContain('is a symbolic link');
    expect(findings[2]?.fix).toBeUndefined();
  });

  it('leaves alone what others may read, but not reach', async () => {
    writeFileSync(home.config, '{}', { mode: 0o644 });
    expect(await look(permissionsCheck({ home, machine: machineOf(uid) }))).toMatchObject([{ state: 'ok' }]);
  });

  it('names what belongs to somebody else, and has no right to mend it', async () => {
    const findings = await look(permissionsCheck({ home, machine: machineOf(4_242_424) }));
    expect(findings).toEqual([
      { state: 'fail', found: expect.any(String), nextStep: expect.stringContaining('sudo chown -R') },
    ]);
  });

  it('names a file in the place of the folder', async () => {
    rmSync(home.path, { recursive: true });
    writeFileSync(home.path, '');
    expect(await look(permissionsCheck({ home, machine: machineOf(uid) }))).toMatchObject([
      { state: 'fail', found: expect.stringContaining('is not a folder') },
    ]);
  });
});

describe('key and store', () => {
  it('are whole, and nothing is written to find that out', async () => {
    const before = readdirSync(home.path);
    const facts = factsOf();
    expect(await look(keyCheck(facts, { home }))).toMatchObject([{ state: 'ok' }]);
    expect(await look(storeCheck(facts, home))).toMatchObject([
      { state: 'ok', found: expect.stringContaining('0 messages') },
    ]);
    expect(readdirSync(home.path)).toEqual(before);
  });

  it('are nothing to worry about before the first start, and none is made', async () => {
    rmSync(home.path, { recursive: true });
    mkdirSync(home.path, { mode: 0o700 });
    const facts = factsOf();
    expect(await look(keyCheck(facts, { home }))).toMatchObject([{ state: 'skipped' }]);
    expect(await look(storeCheck(facts, home))).toMatchObject([{ state: 'skipped' }]);
    expect(readdirSync(home.path)).toEqual([]);
  });

  it('name a keystore that is lost while the store is there', async () => {
    rmSync(home.keystore);
    expect(await look(keyCheck(factsOf(), { home }))).toMatchObject([
      { state: 'fail', found: expect.stringContaining('keystore.json is missing') },
    ]);
  });

  it('name a database that is lost while its journal is there', async () => {
    rmSync(home.database);
    expect(await look(storeCheck(factsOf(), home))).toMatchObject([
      { state: 'fail', found: expect.stringContaining('its journal is there') },
    ]);
  });

  it('warn before the next start makes a new identity in the place of a lost one', async () => {
    for (const name of readdirSync(home.path))
      if (name.startsWith('ocmesh.db')) rmSync(join(home.path, name));
    expect(await look(storeCheck(factsOf(), home))).toMatchObject([
      { state: 'warn', found: expect.stringContaining('makes a new identity') },
    ]);
  });
});

describe(diskCheck, () => {
  const MB = 1024 * 1024;
  it.each([
    [10_000 * MB, 1_000, 'ok'],
    [150 * MB, 1_000, 'warn'],
    [1 * MB, 1_000, 'fail'],
    [10_000 * MB, 0, 'fail'],
  ])('%i bytes and %i files of room are %3$s', async (bytes, files, state) => {
    expect(await look(diskCheck(home, () => ({ bytes, files })))).toMatchObject([{ state }]);
  });
});

describe(daemonCheck, () => {
  const status = (overrides: Partial<Status> = {}) =>
    ({ daemon_version: ocmeshVersion, uptime_seconds: 5, reasons: [], ...overrides }) as unknown as Status;
  const reason = (code: Status['reasons'][number]['code']) => ({
    code,
    message: 'm',
    since: '',
    next_step: 'n',
  });
  const running = (overrides?: Partial<Status>): Promise<Finding[]> =>
    look(
      daemonCheck(
        {
          ...factsOf(),
          holder: () => ({ pid: 12, alive: true }),
          daemon: async () => ({ url: 'http://127.0.0.1:1', status: status(overrides) }),
        },
        home,
      ),
    );

  it('is started by a service manager only where there is one', async () => {
    const withOne = { ...factsOf(), serviceManager: async () => ({ supervisor: {} as Supervisor }) };
    const step = async (facts: Facts) => (await look(daemonCheck(facts, home)))[0]?.nextStep;
    expect(await step(withOne)).toMatch(/`ocmesh service install`/);
    // As the machine of these tests answers.
    expect(await step(factsOf())).toBe('Start it: `ocmesh start` runs it in the foreground.');
  });

  it('is well when it answers', async () => {
    expect(await running()).toMatchObject([{ state: 'ok', found: expect.stringContaining('pid 12') }]);
  });

  it('leaves to the others what they tell', async () => {
    expect(await running({ reasons: [reason('no_relay'), reason('clock_off')] })).toMatchObject([
      { state: 'ok' },
    ]);
  });

  it('tells what nobody else does', async () => {
    expect(await running({ reasons: [reason('no_relay'), reason('storage_refuses')] })).toMatchObject([
      { state: 'fail', nextStep: 'n' },
    ]);
  });

  it('warns of one that was not restarted since the update', async () => {
    expect(await running({ daemon_version: '0.0.1' })).toMatchObject([{ state: 'warn' }]);
  });

  it('clears up only after the dead', async () => {
    writeFileSync(home.daemonFile, '{"pid": 4242}');
    writeFileSync(home.lockFile, 'half a lo');
    const [finding] = await look(daemonCheck(factsOf(), home));
    expect(finding).toMatchObject({ state: 'fail', found: expect.stringContaining('(pid 4242)') });
    // A daemon that starts between the look and the fix.
    rmSync(home.lockFile);
    const unlock = takeLock(home.lockFile);
    expect(() => finding?.fix?.apply()).toThrow(/Another ocmesh daemon/);
    expect(existsSync(home.daemonFile)).toBe(true);
    unlock();
    finding?.fix?.apply();
    expect(existsSync(home.daemonFile)).toBe(false);
    expect(existsSync(home.lockFile)).toBe(false);
  });
});

describe(portCheck, () => {
  it('tells another program from another ocmesh, and a free port from both', async () => {
    let answer = 'hello';
    const server = createServer((_request, response) => response.end(answer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    const state = () => look(portCheck(factsOf({ OCMESH_PORT: port }), createRealClock()));
    expect(await state()).toMatchObject([{ state: 'fail', found: `another program listens on ${port}` }]);
    answer = '{"npub": "npub1abc"}';
    expect(await state()).toMatchObject([
      { state: 'fail', found: `another ocmesh (npub1abc) listens on ${port}` },
    ]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await state()).toMatchObject([{ state: 'ok', found: `${port} is free` }]);
  });
});

describe(mend, () => {
  it('copies what goes, notes what changes, and keeps both for the owner alone', () => {
    writeFileSync(home.daemonFile, 'old', { mode: 0o600 });
    const folder = mend(
      home,
      [
        { what: 'close the home', files: [], apply: () => chmodSync(home.path, 0o700) },
        {
          what: 'remove a file',
          files: [home.daemonFile, '/not/there'],
          apply: () => rmSync(home.daemonFile),
        },
      ],
      createFakeClock().now(),
    );
    expect(folder).toBe(join(home.path, 'backups', 'doctor-2026-01-01T00-00-00.000Z'));
    expect(readFileSync(join(folder, 'changes.txt'), 'utf8')).toBe('close the home\nremove a file\n');
    expect(readFileSync(join(folder, 'daemon.json'), 'utf8')).toBe('old');
    expect(existsSync(home.daemonFile)).toBe(false);
  });

  it('changes nothing when there is no room for the copy', () => {
    writeFileSync(join(home.path, 'backups'), 'in the way');
    const apply = (): void => rmSync(home.keyFile);
    expect(() => mend(home, [{ what: 'x', files: [], apply }], 0)).toThrow(/backups/);
    expect(existsSync(home.keyFile)).toBe(true);
  });
});
