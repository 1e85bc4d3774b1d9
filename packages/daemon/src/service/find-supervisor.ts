import { join } from 'node:path';
import type { Clock } from '@ocmesh/shared/ambient';
import { processState } from '../node/process-state.ts';
import { createLaunchd } from './launchd.ts';
import type { RunCommand } from './run-command.ts';
import type { Supervisor } from './supervisor.ts';
import { createSystemd } from './systemd.ts';

export interface Machine {
  readonly run: RunCommand;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userHome: string;
  readonly uid: number;
}

export type FoundSupervisor =
  | { readonly supervisor: Supervisor }
  | {
      /** Why there is none. */
      readonly missing: string;
      /** Path of the unit that another session of this user may have installed. */
      readonly specPath?: string;
    };

/** Finds the service manager of this machine by asking it: a container has `systemctl`, but no systemd. */
export async function findSupervisor({ run, clock, env, userHome, uid }: Machine): Promise<FoundSupervisor> {
  const system = (await run('uname', ['-s'])).stdout.trim();
  if (system === 'Darwin')
    return {
      supervisor: createLaunchd({
        run,
        clock,
        userHome,
        uid,
        isAlive: (pid) => processState(pid) === 'ours',
      }),
    };
  if (system !== 'Linux')
    return { missing: `There is no launchd and no systemd on ${system || 'this system'}` };
  const configFolder = env['XDG_CONFIG_HOME'] || join(userHome, '.config');
  const supervisor = createSystemd({ run, configFolder });
  const { specPath } = supervisor;
  const asked = await run('systemctl', ['--user', 'show', '--property=Version']);
  if (asked.code === 127) return { missing: 'There is no systemd on this machine', specPath };
  if (asked.code !== 0) {
    return {
      missing: `No systemd user session is available: ${asked.stderr.trim()}. In a container that is normal; otherwise log in as this user, without su or sudo`,
      specPath,
    };
  }
  if ((await run('systemd-notify', ['--version'])).code !== 0)
    return { missing: 'systemd-notify is missing; it is part of the package systemd', specPath };
  return { supervisor };
}
