import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createFakeClock } from '@ocmesh/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeFiles } from '../../adapters/system/home.ts';
import { findSupervisor, type Machine } from '../../service/find-supervisor.ts';
import { renderPlist } from '../../service/plist.ts';
import { createServiceSpec } from '../../service/service-spec.ts';
import { writeSpecFile } from '../../service/spec-file.ts';
import { renderUnit } from '../../service/unit.ts';
import type { Finding } from '../check.ts';
import { serviceCheck } from './service.ts';

const node = '/usr/bin/node';
const places = {
  darwin: { file: 'Library/LaunchAgents/com.ocmesh.daemon.plist', render: renderPlist },
  linux: { file: '.config/systemd/user/ocmesh.service', render: renderUnit },
};
type Platform = keyof typeof places;

let userHome: string;
let home: string;

beforeEach(() => {
  userHome = mkdtempSync(join(tmpdir(), 'ocmesh service & <'));
  home = join(userHome, '.ocmesh');
});

afterEach(() => rmSync(userHome, { recursive: true }));

/** Output of the system's programs if all is well. */
const healthyOutput = {
  [`${node} -p`]: '22.1.0\n',
  'uname -s': 'Linux\n',
  'systemctl --user show --property': 'Version=252\n',
  'systemctl --user show ocmesh.service':
    'LoadState=loaded\nActiveState=active\nSubState=running\nExecMainStatus=0\nMainPID=12\n',
  'systemd-notify --version': '252\n',
  'launchctl print gui/501/com.ocmesh.daemon': '\tstate = running\n\tpid = 12\n',
};

/** @param output other output than usual; `null` if the program does not exist */
async function runOn(platform: Platform, output: Record<string, string | null> = {}): Promise<Finding[]> {
  const system = platform === 'darwin' ? { 'uname -s': 'Darwin\n' } : {};
  const all = Object.entries<string | null>({ ...healthyOutput, ...system, ...output });
  const machine: Machine = {
    async run(program, args) {
      const line = [program, ...args].join(' ');
      const stdout = all.find(([prefix]) => line.startsWith(prefix))?.[1];
      return typeof stdout === 'string'
        ? { code: 0, stdout, stderr: '' }
        : { code: 127, stdout: '', stderr: 'no' };
    },
    clock: createFakeClock(),
    env: {},
    userHome,
    uid: 501,
  };
  const facts = { serviceManager: () => findSupervisor(machine) };
  const check = serviceCheck(facts, { home: homeFiles(home), platform, machine });
  return [await check.run()].flat();
}

function install(platform: Platform, serves = home): void {
  const { file, render } = places[platform];
  const spec = createServiceSpec({ home: serves, nodePath: node, watchdogSec: 60 });
  writeSpecFile(join(userHome, file), render(spec));
  if (serves !== home) return;
  mkdirSync(dirname(spec.program), { recursive: true });
  writeFileSync(spec.program, '');
}

describe.each<Platform>(['darwin', 'linux'])('the service on %s', (platform) => {
  it('is skipped if it is not installed', async () => {
    expect(await runOn(platform)).toMatchObject([
      { state: 'skipped', found: 'Not installed; `ocmesh service install` installs it.' },
    ]);
  });

  it('is ok if everything that it starts exists, and runs', async () => {
    install(platform);
    expect(await runOn(platform)).toMatchObject([
      { state: 'ok', found: expect.stringContaining('installed and running under') },
    ]);
  });

  it.each<[string, string | null, RegExp]>([
    ['is gone', null, /it does not exist/],
    ['no longer runs', '', /it does not run/],
    ['is too old', '18.20.4\n', /it is version 18\.20\.4/],
  ])('reports a Node.js that %s', async (_, answer, found) => {
    install(platform);
    expect(await runOn(platform, { [`${node} -p`]: answer })).toMatchObject([
      {
        state: 'fail',
        found: expect.stringMatching(found),
        nextStep: expect.stringContaining('service install'),
      },
    ]);
  });

  it('reports a program that is gone', async () => {
    install(platform);
    rmSync(join(home, 'app'), { recursive: true });
    expect(await runOn(platform)).toMatchObject([
      { state: 'fail', found: expect.stringContaining('ocmesh.mjs, which does not exist') },
    ]);
  });

  it('is skipped if it belongs to another home', async () => {
    install(platform, '/other/home');
    expect(await runOn(platform)).toMatchObject([
      { state: 'skipped', found: expect.stringContaining('/other/home') },
    ]);
  });

  it('is ok if the service manager cannot be asked', async () => {
    install(platform);
    expect(
      await runOn(platform, {
        'uname -s': 'Linux',
        'systemctl --user show': null,
        'systemctl --user show --property': null,
      }),
    ).toMatchObject([{ state: 'ok', found: expect.stringMatching(/^installed\. /) }]);
  });

  it('reports a file that is not ours', async () => {
    writeSpecFile(join(userHome, places[platform].file), 'something else');
    expect(await runOn(platform)).toMatchObject([
      { state: 'fail', found: expect.stringContaining('is not an ocmesh service') },
    ]);
  });
});

describe('without a service manager', () => {
  const output = { 'systemctl --user show --property': null };

  it('the foreground is suggested, not an installation', async () => {
    expect(await runOn('linux', output)).toMatchObject([
      {
        state: 'skipped',
        found: 'There is no systemd on this machine. `ocmesh start` runs the daemon in the foreground.',
      },
    ]);
  });

  it('a broken installation cannot be repaired from here', async () => {
    install('linux');
    expect(await runOn('linux', { ...output, [`${node} -p`]: null })).toMatchObject([
      { state: 'fail', nextStep: expect.stringContaining('Not possible from here: There is no systemd') },
    ]);
  });
});

describe('the state in the service manager', () => {
  it.each<[Platform, string, string, string]>([
    ['linux', 'systemctl --user show ocmesh.service', 'LoadState=not-found\n', 'warn'],
    [
      'linux',
      'systemctl --user show ocmesh.service',
      'LoadState=loaded\nActiveState=inactive\nMainPID=0\n',
      'warn',
    ],
    [
      'linux',
      'systemctl --user show ocmesh.service',
      'LoadState=loaded\nActiveState=failed\nMainPID=0\n',
      'fail',
    ],
    ['darwin', 'launchctl print gui/501/com.ocmesh.daemon', '\tstate = waiting\n', 'warn'],
  ])('%s: %s prints %j', async (platform, command, answer, state) => {
    install(platform);
    expect(await runOn(platform, { [command]: answer })).toMatchObject([{ state }]);
  });

  it('warns of a deployed agent next to ours', async () => {
    install('darwin');
    const agent = join(userHome, 'Library/LaunchAgents/com.ocmesh.agent.plist');
    writeFileSync(agent, '<plist/>');
    expect(await runOn('darwin')).toMatchObject([
      { state: 'ok' },
      {
        state: 'warn',
        found: expect.stringContaining('com.ocmesh.agent'),
        nextStep: expect.stringContaining('launchctl bootout gui/501/com.ocmesh.agent && mv '),
      },
    ]);
  });
});
