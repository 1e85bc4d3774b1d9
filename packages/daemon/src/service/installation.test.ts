import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock } from '@ocmesh/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createInstallation, type Program, type RunningDaemon } from './installation.ts';
import { readPlist, renderPlist } from './plist.ts';
import { createServiceSpec } from './service-spec.ts';
import type { Supervisor } from './supervisor.ts';

const NODE = '/usr/bin/node';

/** A machine on which the daemon runs if its version works. */
function machine(works: (version: string) => boolean) {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-installation-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const home = join(place, 'home');
  mkdirSync(home);
  const clock = createFakeClock();
  let running: RunningDaemon | null = null;
  let servicePid: number | null = null;
  let pids = 100;

  const supervisor: Supervisor = {
    name: 'launchd',
    specPath: join(place, 'the.plist'),
    render: renderPlist,
    read: readPlist,
    async install(spec) {
      writeFileSync(supervisor.specPath, spec);
      await supervisor.restart();
    },
    async uninstall() {
      rmSync(supervisor.specPath, { force: true });
      await supervisor.stop();
    },
    start: () => supervisor.restart(),
    async stop() {
      servicePid = null;
      running = null;
    },
    async restart() {
      servicePid = ++pids;
      const version = installation.installedVersion()?.split('+')[0] ?? '';
      if (!works(version)) writeFileSync(join(home, 'app/service.err.log'), `${version} is broken\n`);
      running = works(version)
        ? { pid: servicePid, version, url: 'http://127.0.0.1:1', npub: 'npub1' }
        : null;
    },
    state: async () => ({ isLoaded: servicePid !== null, pid: servicePid, summary: '' }),
  };
  const installation = createInstallation({
    supervisor,
    clock,
    home,
    ask: async () => running,
    timeoutMs: 5_000,
    extraCaCerts: null,
  });

  function build(version: string): Program {
    const file = join(place, `${version}.mjs`);
    writeFileSync(file, version);
    return { files: [file], version };
  }

  /** Installs a version, advancing the clock until it is done. */
  async function install(version: string): Promise<RunningDaemon> {
    let isDone = false;
    const work = installation.install(build(version), NODE, 60).finally(() => {
      isDone = true;
    });
    work.catch(() => {});
    for (let step = 0; step < 200 && !isDone; step++) await clock.advance(100);
    return work;
  }

  return {
    home,
    supervisor,
    installation,
    install,
    running: () => running,
    runByHand() {
      running = { pid: 7, version: '1.0.0', url: 'http://127.0.0.1:1', npub: 'npub1' };
    },
  };
}

describe('an installation', () => {
  it('succeeds when the new daemon responds', async () => {
    const { install, installation } = machine(() => true);
    expect(await install('1.0.0')).toMatchObject({ version: '1.0.0' });
    expect(installation.installedVersion()).toBe('1.0.0');
  });

  it('stops the first version if it does not respond, and shows its errors', async () => {
    const { install, running, supervisor } = machine(() => false);
    await expect(install('1.0.0')).rejects.toThrow(
      /1\.0\.0 does not respond after 5 s\.\n1\.0\.0 is broken\nNo daemon is running now/,
    );
    expect(running()).toBeNull();
    expect(existsSync(supervisor.specPath)).toBe(false);
  });

  it('restores the last version if the new one does not respond, and says if that one does not either', async () => {
    let isBroken = (version: string): boolean => version === '2.0.0';
    const { install, installation, running } = machine((version) => !isBroken(version));
    await install('1.0.0');
    await expect(install('2.0.0')).rejects.toThrow('Version 1.0.0 is back');
    expect(installation.installedVersion()).toBe('1.0.0');
    expect(running()).toMatchObject({ version: '1.0.0' });
    isBroken = () => true;
    await expect(install('3.0.0')).rejects.toThrow('Version 1.0.0 was restored, but does not respond either');
  });

  it('refuses an older version', async () => {
    const { install, installation } = machine(() => true);
    await install('2.0.0');
    await expect(install('1.9.9')).rejects.toMatchObject({ exitCode: 78 });
    expect(installation.installedVersion()).toBe('2.0.0');
  });

  it('refuses if the service belongs to another home', async () => {
    const { install, supervisor, home } = machine(() => true);
    const other = createServiceSpec({ home: `${home}-other`, nodePath: NODE, watchdogSec: 60 });
    writeFileSync(supervisor.specPath, renderPlist(other));
    await expect(install('1.0.0')).rejects.toThrow(`The service already runs the agent of ${home}-other`);
  });

  it('refuses while a daemon runs that was started by hand', async () => {
    const { install, runByHand } = machine(() => true);
    runByHand();
    await expect(install('1.0.0')).rejects.toThrow('started by hand (pid 7)');
  });

  it('removes the program, not the data', async () => {
    const { install, installation, home } = machine(() => true);
    await install('1.0.0');
    writeFileSync(join(home, 'ocmesh.db'), '');
    await installation.uninstall();
    expect(existsSync(join(home, 'app'))).toBe(false);
    expect(existsSync(join(home, 'ocmesh.db'))).toBe(true);
  });
});
