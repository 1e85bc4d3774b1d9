import { existsSync, readFileSync, rmSync } from 'node:fs';
import { reasonStep } from '@ocmesh/shared/contract';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import type { Home } from '../../adapters/system/home.ts';
import { takeLock } from '../../adapters/system/lock.ts';
import { type Check, type Finding, type Fix, fail, ok, warn } from '../check.ts';
import type { Facts } from '../probes/facts.ts';
import type { DaemonFacts } from '../probes/running-daemon.ts';
import { isFull } from './disk.ts';

/** Reported by other checks. */
const REPORTED_ELSEWHERE = new Set(['no_relay', 'no_dm_relay', 'clock_off']);

export const daemonCheck = (
  facts: Pick<Facts, 'daemon' | 'holder' | 'serviceManager'>,
  home: Home,
): Check => ({
  id: 'daemon',
  what: 'Daemon',
  why: 'Messages are sent and received, and agents can use ocmesh, only while the daemon is running.',
  async run() {
    const holder = facts.holder();
    if (holder?.alive) {
      const daemon = await facts.daemon();
      if (daemon) return describe(daemon, holder.pid, home);
      return fail(
        `pid ${holder.pid} holds the home, but does not respond`,
        'If it was just started or stopped, run `ocmesh doctor` again. Otherwise stop it and start it again.',
      );
    }
    const left = [home.lockFile, home.daemonFile].filter(existsSync);
    const start =
      'missing' in (await facts.serviceManager())
        ? 'Start it: `ocmesh start` runs it in the foreground.'
        : 'Start it: `ocmesh start`, or `ocmesh service install` to have it always on.';
    if (left.length === 0) return warn('It is not running.', start);
    const pid = holder?.pid ?? writtenPid(home.daemonFile);
    return fail(
      `It exited uncleanly${pid === null ? '' : ` (pid ${pid})`} and was not restarted.`,
      `${start} It cleans up after the last one.`,
      leftBehind(home, left),
    );
  },
});

function describe({ status }: DaemonFacts, pid: number | null, home: Home): Finding {
  const found = `pid ${pid}, up ${status.uptime_seconds} s, version ${status.daemon_version}`;
  const reason = status.reasons.find(
    ({ code }) => !REPORTED_ELSEWHERE.has(code) && !(code === 'storage_refuses' && isFull(home)),
  );
  if (reason) return fail(`${found}: ${reason.message}`, reasonStep(reason, 'command'));
  if (status.daemon_version !== ocmeshVersion)
    return warn(
      `${found}; this command is ${ocmeshVersion}`,
      'Restart the daemon, so that both are the same version.',
    );
  return ok(found);
}

/** Takes the lock first, so that the files of a daemon that starts at this moment are safe. */
const leftBehind = (home: Home, files: readonly string[]): Fix => ({
  what: `remove ${files.join(' and ')}, left behind by a process that has exited`,
  files,
  apply() {
    const unlock = takeLock(home.lockFile);
    rmSync(home.daemonFile, { force: true });
    unlock();
  },
});

function writtenPid(path: string): number | null {
  try {
    const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid?: unknown };
    return Number.isSafeInteger(pid) ? (pid as number) : null;
  } catch {
    return null;
  }
}
