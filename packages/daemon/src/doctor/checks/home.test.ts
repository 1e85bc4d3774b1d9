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
import { OcmeshError, type Status } from '@ocmesh/shared/contract';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { createFakeClock, createRealClock, createSeededRandom } from '@ocmesh/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { type Home, homeFiles } from '../../adapters/system/home.ts';
import { takeOwnership } from '../../adapters/system/ownership.ts';
import { ownProcess } from '../../adapters/system/process-identity.ts';
import { createSystemRandom } from '../../adapters/system/random.ts';
import { createNostrToolsEngine } from '../../core/identity/nostr-tools-engine.ts';
import { importSecretKey } from '../../home/key.ts';
import type { Machine } from '../../service/find-supervisor.ts';
import type { Supervisor } from '../../service/supervisor.ts';
import { applyFixes } from '../apply-fixes.ts';
import type { Check, Finding } from '../check.ts';
import { createFacts, type Facts } from '../probes/facts.ts';
import { configCheck } from './config.ts';
import { daemonCheck } from './daemon.ts';
import { diskCheck } from './disk.ts';
import { keyCheck } from './key.ts';
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

const run = async (check: Check): Promise<Finding[]> => [await check.run()].flat();

describe(nodeCheck, () => {
  it.each([
    ['20.19.0', 'ok'],
    ['26.0.0', 'ok'],
    ['20.18.3', 'fail'],
    ['18.20.4', 'fail'],
  ])('%s is %s', async (nodeVersion, state) => {
    expect(await run(nodeCheck({ nodeVersion }))).toMatchObject([{ state }]);
  });
});

describe(configCheck, () => {
  it('says where each value comes from', async () => {
    writeFileSync(home.config, '{"port": 1234}');
    const [finding] = await run(configCheck(factsOf({ OCMESH_NAME: 'alice' })));
    expect(finding).toMatchObject({ state: 'ok', found: `port from ${home.config}, name from OCMESH_NAME` });
  });

  it('speaks only of this environment: a running daemon may have another one', async () => {
    const [finding] = await run(configCheck(factsOf()));
    expect(finding).toMatchObject({ state: 'ok', found: 'config.json and this environment set nothing' });
  });

  it('leaves the policy to the policy check', async () => {
    writeFileSync(home.config, '{"strangers": "closed", "port": 1234}');
    const [finding] = await run(configCheck(factsOf()));
    expect(finding).toMatchObject({ state: 'ok', found: `port from ${home.config}` });
    writeFileSync(home.config, '{"strangers": "closed"}');
    expect(await run(configCheck(factsOf()))).toMatchObject([
      { found: 'config.json and this environment set nothing but the policy' },
    ]);
  });

  it('warns about a field with its former name, and says how to rename it', async () => {
    writeFileSync(home.config, '{"inbox_strangers": "closed", "port": 1234}');
    expect(await run(configCheck(factsOf()))).toMatchObject([
      {
        state: 'warn',
        found: `port from ${home.config}; inbox_strangers is now called strangers`,
        nextStep: 'Rename inbox_strangers to strangers in config.json. The old name still works.',
      },
    ]);
  });

  it('names the invalid variable', async () => {
    const [finding] = await run(configCheck(factsOf({ OCMESH_PORT: 'many' })));
    expect(finding).toMatchObject({
      state: 'fail',
      found: expect.stringMatching(/OCMESH_PORT is wrong: port/),
    });
  });
});

describe(permissionsCheck, () => {
  it('names everything that is wrong, not only the first, with commands ready for a shell', async () => {
    chmodSync(home.path, 0o711);
    chmodSync(home.keystore, 0o604);
    symlinkSync('/nowhere', `${home.database}-wal.00000009`);
    const findings = await run(permissionsCheck({ home, machine: machineOf(uid) }));
    expect(findings.map(({ state }) => state)).toEqual(['fail', 'fail', 'fail']);
    expect(findings[0]?.nextStep).toBe(`Run: chmod 700 '${home.path.replace("'", "'\\''")}'`);
    expect(findings[1]?.found).toContain('keystore.json (604)');
    expect(findings[2]?.found).toContain('is a symbolic link');
    expect(findings[2]?.fix).toBeUndefined();
  });

  it('accepts a readable file in a closed folder', async () => {
    writeFileSync(home.config, '{}', { mode: 0o644 });
    expect(await run(permissionsCheck({ home, machine: machineOf(uid) }))).toMatchObject([{ state: 'ok' }]);
  });

  it('names files of another user, and offers no fix for them', async () => {
    const findings = await run(permissionsCheck({ home, machine: machineOf(4_242_424) }));
    expect(findings).toEqual([
      { state: 'fail', found: expect.any(String), nextStep: expect.stringContaining('sudo chown -R') },
    ]);
  });

  it('names a file where the folder should be', async () => {
    rmSync(home.path, { recursive: true });
    writeFileSync(home.path, '');
    expect(await run(permissionsCheck({ home, machine: machineOf(uid) }))).toMatchObject([
      { state: 'fail', found: expect.stringContaining('is not a folder') },
    ]);
  });
});

describe('key and store', () => {
  it('are intact, and checking them writes nothing', async () => {
    const before = readdirSync(home.path);
    const facts = factsOf();
    expect(await run(keyCheck(facts, { home }))).toMatchObject([{ state: 'ok' }]);
    expect(await run(storeCheck(facts, home))).toMatchObject([
      { state: 'ok', found: expect.stringContaining('0 messages') },
    ]);
    expect(readdirSync(home.path)).toEqual(before);
  });

  it('are skipped before the first start, and not created', async () => {
    rmSync(home.path, { recursive: true });
    mkdirSync(home.path, { mode: 0o700 });
    const facts = factsOf();
    expect(await run(keyCheck(facts, { home }))).toMatchObject([{ state: 'skipped' }]);
    expect(await run(storeCheck(facts, home))).toMatchObject([{ state: 'skipped' }]);
    expect(readdirSync(home.path)).toEqual([]);
  });

  it('report a missing keystore next to a store', async () => {
    rmSync(home.keystore);
    expect(await run(keyCheck(factsOf(), { home }))).toMatchObject([
      { state: 'fail', found: expect.stringContaining('keystore.json is missing') },
    ]);
  });

  it('report a missing database next to its journal', async () => {
    rmSync(home.database);
    expect(await run(storeCheck(factsOf(), home))).toMatchObject([
      { state: 'fail', found: expect.stringContaining('its journal is there') },
    ]);
  });

  it('warn before the next start replaces a lost identity', async () => {
    for (const name of readdirSync(home.path))
      if (name.startsWith('ocmesh.db')) rmSync(join(home.path, name));
    expect(await run(storeCheck(factsOf(), home))).toMatchObject([
      { state: 'warn', found: expect.stringContaining('creates a new identity') },
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
  ])('%i free bytes and %i free files are %3$s', async (bytes, files, state) => {
    expect(await run(diskCheck(home, () => ({ bytes, files })))).toMatchObject([{ state }]);
  });
});

describe(daemonCheck, () => {
  const status = (overrides: Partial<Status> = {}) =>
    ({ daemon_version: ocmeshVersion, uptime_seconds: 5, reasons: [], ...overrides }) as unknown as Status;
  const reason = (code: Status['reasons'][number]['code']) => ({
    code,
    message: 'm',
    since: '',
    next_step: 'POST /n',
  });
  const running = (overrides?: Partial<Status>): Promise<Finding[]> =>
    run(
      daemonCheck(
        {
          ...factsOf(),
          owner: async () => ({ pid: 12, isRunning: true }),
          daemon: async () => ({ url: 'http://127.0.0.1:1', status: status(overrides) }),
        },
        home,
      ),
    );

  it('suggests a service only if there is a service manager', async () => {
    const withOne = { ...factsOf(), serviceManager: async () => ({ supervisor: {} as Supervisor }) };
    const step = async (facts: Facts) => (await run(daemonCheck(facts, home)))[0]?.nextStep;
    expect(await step(withOne)).toMatch(/`ocmesh service install`/);
    // The machine of these tests has none.
    expect(await step(factsOf())).toBe('Start it: `ocmesh start` runs it in the foreground.');
  });

  it('is ok if it responds', async () => {
    expect(await running()).toMatchObject([{ state: 'ok', found: expect.stringContaining('pid 12') }]);
  });

  it('leaves problems to the checks that report them', async () => {
    expect(await running({ reasons: [reason('no_relay'), reason('clock_off')] })).toMatchObject([
      { state: 'ok' },
    ]);
  });

  it('reports the other problems', async () => {
    expect(await running({ reasons: [reason('no_relay'), reason('storage_refuses')] })).toMatchObject([
      { state: 'fail', nextStep: '`ocmesh logs` shows the reason.' },
    ]);
  });

  it('warns of a daemon that was not restarted after an upgrade', async () => {
    expect(await running({ daemon_version: '0.0.1' })).toMatchObject([{ state: 'warn' }]);
  });

  it('names what has the address of a daemon that cannot be asked', async () => {
    const problem = new OcmeshError('daemon_down', { message: 'It is older.', problem: 'older_daemon' });
    const facts = {
      ...factsOf(),
      owner: async () => ({ pid: 12, isRunning: true }),
      daemon: async () => null,
      daemonProblem: () => problem,
    };
    expect(await run(daemonCheck(facts, home))).toMatchObject([
      {
        state: 'fail',
        found: 'pid 12 holds the home. It is older.',
        nextStep: expect.stringMatching(/^Restart it/),
      },
    ]);
  });

  it('cleans up only after a dead process', async () => {
    writeFileSync(home.daemonFile, '{"pid": 4242}');
    const dead = { ...ownProcess(), started: '1', pid: 4243 };
    writeFileSync(home.lockFile, JSON.stringify(dead));
    const [finding] = await run(daemonCheck(factsOf(), home));
    expect(finding).toMatchObject({ state: 'fail', found: expect.stringContaining('(pid 4243)') });
    // A daemon that starts between check and fix.
    rmSync(home.lockFile);
    const deps = { clock: createSystemClock(), random: createSystemRandom() };
    const ownership = await takeOwnership(home.lockFile, deps);
    await expect(finding?.fix?.apply()).rejects.toThrow(/Another ocmesh daemon/);
    expect(existsSync(home.daemonFile)).toBe(true);
    ownership.release();
    await finding?.fix?.apply();
    expect(existsSync(home.daemonFile)).toBe(false);
    expect(existsSync(home.lockFile)).toBe(false);
  });
});

describe(portCheck, () => {
  it('distinguishes another program, another ocmesh and a free port', async () => {
    let answer = 'hello';
    const server = createServer((_request, response) => response.end(answer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    const state = () => run(portCheck(factsOf({ OCMESH_PORT: port }), createRealClock()));
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

describe(applyFixes, () => {
  it('copies what it removes, lists what it changes, and keeps both private', async () => {
    writeFileSync(home.daemonFile, 'old', { mode: 0o600 });
    const folder = await applyFixes(
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

  it('changes nothing if the copy cannot be made', async () => {
    writeFileSync(join(home.path, 'backups'), 'in the way');
    const apply = (): void => rmSync(home.keyFile);
    await expect(applyFixes(home, [{ what: 'x', files: [], apply }], 0)).rejects.toThrow(/backups/);
    expect(existsSync(home.keyFile)).toBe(true);
  });
});
