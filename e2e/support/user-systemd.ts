import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@ocmesh/testkit';
import { run } from './run.mjs';
import { type TestServiceManager, testEnvironment } from './service-manager.ts';

const SYSTEMD = '/lib/systemd/systemd';
const BOOTED = '/run/systemd/system';
const NEEDED = [SYSTEMD, '/usr/bin/systemctl', '/usr/bin/systemd-notify', '/usr/bin/unshare'];

/** Returns why `systemd --user` cannot run here; null if it can. */
export function whyNoSystemd(): string | null {
  if (process.platform !== 'linux') return 'this is not Linux';
  const missing = NEEDED.filter((path) => !existsSync(path));
  if (missing.length > 0) return `missing: ${missing.join(', ')}`;
  if (process.getuid?.() !== 0) return 'needs root, for mounts and control groups';
  const groups = cgroupRoot();
  if (!groups) return 'there are no control groups of version 2';
  try {
    accessSync(groups, constants.W_OK);
    execFileSync('unshare', ['--mount', '--cgroup', '--propagation', 'private', 'true'], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return `cannot create namespaces and control groups: ${(error as Error).message.trim()}`;
  }
}

const cgroupRoot = (): string | undefined =>
  ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(join(path, 'cgroup.procs')));

// systemd requires a system that it booted, and writable control groups.
const ENTER_NAMESPACES = `
umount -l /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
exec ${SYSTEMD} --user`;

/**
 * Starts a separate `systemd --user` in new namespaces, whatever process 1 is. Its user is root, with a HOME full of
 * special characters.
 */
export async function startSystemdManager(place: string): Promise<TestServiceManager> {
  const userHome = join(place, `space & < > ' " % $`);
  const runtime = join(place, 'run');
  const group = join(cgroupRoot() ?? '', `ocmesh-test-${process.pid}`);
  mkdirSync(userHome);
  mkdirSync(runtime, { mode: 0o700 });
  mkdirSync(group);
  const bootedByUs = mkdirSync(BOOTED, { recursive: true });
  const env = { HOME: userHome, PATH: process.env['PATH'] ?? '', XDG_RUNTIME_DIR: runtime, USER: 'root' };
  addTestEnvironment(userHome);
  let manager: ChildProcess;
  let printed = '';

  async function logIn(): Promise<void> {
    const enter = `echo $$ > '${group}/cgroup.procs'; exec unshare --mount --cgroup --propagation private sh -euc '${ENTER_NAMESPACES}'`;
    manager = spawn('sh', ['-euc', enter], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [manager.stdout, manager.stderr]) {
      stream?.on('data', (data) => {
        printed += data;
      });
    }
    await until(async () => {
      if (manager.exitCode !== null) throw new Error(`systemd --user ended:\n${printed}`);
      return (await run('systemctl', ['--user', 'show', '--property=Version'], env)).code === 0;
    });
  }

  const logOut = (): Promise<void> =>
    new Promise((resolve) => {
      if (manager.exitCode !== null || manager.signalCode !== null) return resolve();
      manager.once('exit', () => resolve());
      manager.kill('SIGTERM');
    });

  await logIn();
  return {
    env,
    backWithinMs: 10_000,
    calls: [],
    async logInAgain() {
      await logOut();
      await logIn();
    },
    async close() {
      await logOut();
      removeGroup(group);
      if (bootedByUs) rmdirSync(BOOTED);
    },
  };
}

/** Removes a control group: only its folders can be deleted, innermost first. */
function removeGroup(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(join(path, entry.name));
  rmdirSync(path);
}

function addTestEnvironment(userHome: string): void {
  const folder = join(userHome, '.config/systemd/user/ocmesh.service.d');
  mkdirSync(folder, { recursive: true });
  const lines = Object.entries(testEnvironment).map(([name, value]) => `Environment="${name}=${value}"`);
  writeFileSync(join(folder, 'test.conf'), `[Service]\n${lines.join('\n')}\n`);
}
