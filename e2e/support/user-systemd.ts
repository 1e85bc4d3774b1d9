import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@ocmesh/testkit';
import { run } from './run.mjs';
import { type ServiceBench, testEnvironment } from './service-bench.ts';

const SYSTEMD = '/lib/systemd/systemd';
const BOOTED = '/run/systemd/system';
const NEEDED = [SYSTEMD, '/usr/bin/systemctl', '/usr/bin/systemd-notify', '/usr/bin/unshare'];

/** Why no `systemd --user` of our own can run here; null when one can. */
export function whyNoSystemd(): string | null {
  if (process.platform !== 'linux') return 'this is not Linux';
  const missing = NEEDED.filter((path) => !existsSync(path));
  if (missing.length > 0) return `missing: ${missing.join(', ')}`;
  if (process.getuid?.() !== 0) return 'it needs root, for mounts and control groups of its own';
  const groups = cgroupRoot();
  if (!groups) return 'there are no control groups of version 2';
  try {
    accessSync(groups, constants.W_OK);
    execFileSync('unshare', ['--mount', '--cgroup', '--propagation', 'private', 'true'], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return `no namespaces and control groups of our own can be made: ${(error as Error).message.trim()}`;
  }
}

const cgroupRoot = (): string | undefined =>
  ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(join(path, 'cgroup.procs')));

// The manager wants to see a system that systemd booted, and control groups that it may write to.
const SURROUNDINGS = `
umount -l /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
exec ${SYSTEMD} --user`;

/**
 * A real service manager of its own, in namespaces of its own, whatever process 1 is. Its user is root, with a HOME
 * that has a name only careful programs survive.
 */
export async function startSystemdBench(place: string): Promise<ServiceBench> {
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
    const enter = `echo $$ > '${group}/cgroup.procs'; exec unshare --mount --cgroup --propagation private sh -euc '${SURROUNDINGS}'`;
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

/** Its files are the kernel's: only folders can be removed, the innermost first. */
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
