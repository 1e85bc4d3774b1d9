import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeFiles } from '../adapters/system/home.ts';
import type { Finding } from './check.ts';
import { serviceCheck } from './service.ts';
import { launchAgentPath, systemdUnitPath } from './service-files.ts';
import type { Ran } from './surroundings.ts';

let userHome: string;
let program: string;

beforeEach(() => {
  userHome = mkdtempSync(join(tmpdir(), 'ocmesh service & <'));
  program = join(userHome, 'ocmesh "current".mjs');
  writeFileSync(program, '');
});

afterEach(() => rmSync(userHome, { recursive: true }));

const node = process.execPath;
const running: Record<string, Ran> = {
  [node]: { code: 0, output: '22.1.0\n' },
  systemctl: { code: 0, output: 'active\n' },
  launchctl: { code: 0, output: 'gui/501/com.ocmesh.daemon = {\n\tstate = running\n' },
};

async function look(platform: string, answers: Record<string, Ran | null> = {}): Promise<Finding[]> {
  const check = serviceCheck({
    home: homeFiles(join(userHome, '.ocmesh')),
    userHome,
    env: {},
    platform,
    uid: 501,
    run: async (name) => ({ ...running, ...answers })[name] ?? null,
  });
  return [await check.look()].flat();
}

function write(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
}

const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const plist = (words: readonly string[], home = join(userHome, '.ocmesh')): void =>
  write(
    launchAgentPath(userHome, 'com.ocmesh.daemon'),
    `<plist><dict><key>ProgramArguments</key>\n<array>${words.map((word) => `<string>${xml(word)}</string>`).join('\n')}</array>
    <key>EnvironmentVariables</key><dict><key>OCMESH_HOME</key><string>${xml(home)}</string></dict></dict></plist>`,
  );
const quoted = (word: string): string => `"${word.replaceAll('"', '\\"')}"`;
const unit = (words: readonly string[], home = join(userHome, '.ocmesh')): void =>
  write(
    systemdUnitPath(userHome),
    `[Service]\nEnvironment=${quoted(`OCMESH_HOME=${home}`)} NODE_ENV=production\nExecStart=-${words.map(quoted).join(' \\\n  ')}\n`,
  );

describe.each([
  ['darwin', plist],
  ['linux', unit],
])('the service on %s', (platform, install) => {
  it('is nothing to worry about where it is not installed', async () => {
    expect(await look(platform)).toMatchObject([{ state: 'skipped' }]);
  });

  it('is well when all that it runs is there, however its path is spelt', async () => {
    install([node, program, 'start']);
    expect(await look(platform)).toMatchObject([{ state: 'ok' }]);
  });

  it('names a node that is gone', async () => {
    install(['/gone/bin/node', program, 'start']);
    expect(await look(platform)).toMatchObject([
      { state: 'fail', found: expect.stringContaining('/gone/bin/node is not there') },
    ]);
  });

  it('names a program that is gone', async () => {
    install([node, `${program}.old`, 'start']);
    expect(await look(platform)).toMatchObject([
      { state: 'fail', found: expect.stringContaining('.mjs.old is not there') },
    ]);
  });

  it.each<[string, Ran | null, RegExp]>([
    ['does not run any more', { code: 134, output: '' }, /does not run/],
    ['is too old', { code: 0, output: '18.20.4\n' }, /is version 18\.20\.4: 20\.19 is needed/],
  ])('names a node that %s', async (_, ran, found) => {
    install([node, program]);
    expect(await look(platform, { [node]: ran })).toMatchObject([
      { state: 'fail', found: expect.stringMatching(found) },
    ]);
  });

  it('is none of ours when it serves another home', async () => {
    install(['/gone/bin/node'], '/other/home');
    expect(await look(platform)).toMatchObject([
      { state: 'skipped', found: expect.stringContaining('/other/home') },
    ]);
  });

  it('is taken for well when the service manager cannot be asked', async () => {
    install([node, program]);
    expect(await look(platform, { systemctl: null, launchctl: null })).toMatchObject([{ state: 'ok' }]);
  });

  it('is broken when its file names no program', async () => {
    install([]);
    expect(await look(platform)).toMatchObject([
      { state: 'fail', found: expect.stringContaining('no program') },
    ]);
  });
});

describe('what the service manager says', () => {
  it.each<[string, string]>([
    ['activating', 'ok'],
    ['inactive', 'warn'],
    ['failed', 'fail'],
    ['', 'ok'],
  ])('systemd: %s is %s', async (output, state) => {
    unit([node, program]);
    expect(await look('linux', { systemctl: { code: 3, output } })).toMatchObject([{ state }]);
  });

  it.each<[string, Ran, string]>([
    ['not loaded', { code: 113, output: '' }, 'warn'],
    ['loaded and waiting', { code: 0, output: '\tstate = waiting\n' }, 'warn'],
  ])('launchd: %s', async (_, launchctl, state) => {
    plist([node, program]);
    expect(await look('darwin', { launchctl })).toMatchObject([{ state }]);
  });

  it('warns of the deployed agent beside ours', async () => {
    plist([node, program]);
    write(launchAgentPath(userHome, 'com.ocmesh.agent'), '<plist/>');
    expect(await look('darwin')).toMatchObject([
      { state: 'ok' },
      { state: 'warn', nextStep: expect.stringContaining('launchctl bootout gui/501/com.ocmesh.agent') },
    ]);
  });
});
