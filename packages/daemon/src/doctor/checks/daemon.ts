import { existsSync, readFileSync, rmSync } from 'node:fs';
import { errorStep, reasonStep } from '@ocmesh/shared/contract';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { createSystemClock } from '../../adapters/system/clock.ts';
import type { Home } from '../../adapters/system/home.ts';
import { takeOwnership } from '../../adapters/system/ownership.ts';
import { createSystemRandom } from '../../adapters/system/random.ts';
import { type Check, type Finding, type Fix, fail, ok, warn } from '../check.ts';
import type { Facts } from '../probes/facts.ts';
import type { DaemonFacts } from '../probes/running-daemon.ts';
import { isFull } from './disk.ts';

/** Reported by other checks. */
const REPORTED_ELSEWHERE = new Set(['no_relay', 'no_dm_relay', 'clock_off', 'storage_slow']);

export const daemonCheck = (
  facts: Pick<Facts, 'daemon' | 'daemonProblem' | 'owner' | 'serviceManager'>,
  home: Home,
): Check => ({
  id: 'daemon',
  what: 'Daemon',
  why: 'Messages are sent and received, and agents can use ocmesh, only while the daemon is running.',
  async run() {
    const owner = await facts.owner();
    if (owner?.isRunning) {
      const daemon = await facts.daemon();
      if (daemon) return describe(daemon, owner.pid, home);
      const problem = facts.daemonProblem();
      if (problem)
        return fail(`pid ${owner.pid} holds the home. ${problem.message}`, errorStep(problem, 'command'));
      return fail(
        `pid ${owner.pid} holds the home, but does not respond`,
        'If it was just started or stopped, run `ocmesh doctor` again. Otherwise stop it and start it again.',
      );
    }
    const left = [home.lockFile, home.daemonFile].filter(existsSync);
    const start =
      'missing' in (await facts.serviceManager())
        ? 'Start it: `ocmesh start` runs it in the foreground.'
        : 'Start it: `ocmesh start`, or `ocmesh service install` to have it always on.';
    if (left.length === 0) return warn('It is not running.', start);
    const pid = owner?.pid ?? writtenPid(home.daemonFile);
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

/** Takes the home first, so that the files of a daemon that starts at this moment are safe. */
const leftBehind = (home: Home, files: readonly string[]): Fix => ({
  what: `remove ${files.join(' and ')}, left behind by a process that has exited`,
  files,
  async apply() {
    const ownership = await takeOwnership(home.lockFile, {
      clock: createSystemClock(),
      random: createSystemRandom(),
    });
    rmSync(home.daemonFile, { force: true });
    ownership.release();
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
