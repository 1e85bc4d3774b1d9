import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, pollUntil } from '@ocmesh/shared/ambient';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import { readPlist, renderPlist } from './plist.ts';
import type { CommandResult, RunCommand } from './run-command.ts';
import { launchdLabel } from './service-spec.ts';
import { writeSpecFile } from './spec-file.ts';
import type { Supervisor, SupervisorState } from './supervisor.ts';

/** Exit codes of `launchctl`. */
const codes = {
  /** Also returned while launchd is still tearing down the job of that label. */
  inputOutput: 5,
  inProgress: 37,
  noDomain: 125,
  alreadyLoaded: 130,
} as const;
/** 30 s are longer than launchd waits from SIGTERM to SIGKILL. */
const POLL = { everyMs: 500, forMs: 30_000 };

export interface LaunchdDeps {
  readonly run: RunCommand;
  readonly clock: Clock;
  /** The user's home directory, which holds `Library/LaunchAgents`. */
  readonly userHome: string;
  readonly uid: number;
  readonly isAlive: (pid: number) => boolean;
}

/** Controls launchd. Uses only the verbs in launchctl's manual: the old ones (load, unload, start, stop) hide errors. */
export function createLaunchd({ run, clock, userHome, uid, isAlive }: LaunchdDeps): Supervisor {
  const domain = `gui/${uid}`;
  const target = `${domain}/${launchdLabel}`;
  const specPath = join(userHome, 'Library/LaunchAgents', `${launchdLabel}.plist`);
  const launchctl = (...args: string[]): Promise<CommandResult> => run('launchctl', args);
  const isLoaded = async (): Promise<boolean> => (await launchctl('print', target)).code === 0;

  async function state(): Promise<SupervisorState> {
    const { code, stdout } = await launchctl('print', target);
    if (code !== 0) return { isLoaded: false, pid: null, summary: 'not loaded' };
    const find = (name: string): string | undefined =>
      new RegExp(`^\\s*${name} = (.+)$`, 'm').exec(stdout)?.[1];
    const pid = find('pid');
    const summary = [find('state'), `last exit code ${find('last exit code') ?? 'unknown'}`];
    return { isLoaded: true, pid: pid ? Number(pid) : null, summary: summary.join(', ') };
  }

  async function bootOut(): Promise<void> {
    const { isLoaded: wasLoaded, pid } = await state();
    if (!wasLoaded) return;
    await launchctl('bootout', target);
    // The label may be gone while the process is still stopping, and the home is only free once it has stopped.
    const hasEnded = async (): Promise<true | null> =>
      (await isLoaded()) || (pid && isAlive(pid)) ? null : true;
    if (!(await pollUntil(clock, POLL, hasEnded))) throw refused('bootout', `${target} does not end`);
  }

  async function bootstrap(): Promise<void> {
    let last = '';
    const isDone = await pollUntil(clock, POLL, async () => {
      const result = await launchctl('bootstrap', domain, specPath);
      if (result.code === 0) return true;
      const isThere = result.code === codes.inProgress || result.code === codes.alreadyLoaded;
      if (isThere && (await isLoaded())) return true;
      if (result.code === codes.noDomain) {
        throw new ExitError(
          exitCodes.permanent,
          'launchd has no session for you here: this is a login over SSH, or sudo. Run it in the Terminal of the user who is logged in at the screen.',
        );
      }
      last = outputOf(result);
      const mayPass = isThere || result.code === codes.inputOutput;
      if (!mayPass) throw refused('bootstrap', last);
      return null;
    });
    if (!isDone) throw refused('bootstrap', last);
  }

  async function begin(): Promise<void> {
    // `launchctl disable`, or a switch in the system settings, outlasts every plist.
    const enabled = await launchctl('enable', target);
    if (enabled.code !== 0 && enabled.code !== codes.noDomain) throw refused('enable', outputOf(enabled));
    await bootstrap();
  }

  async function kick(...flags: string[]): Promise<void> {
    const result = await launchctl('kickstart', ...flags, target);
    if (result.code !== 0) throw refused('kickstart', outputOf(result));
  }

  return {
    name: 'launchd',
    specPath,
    render: renderPlist,
    read: readPlist,

    async install(spec) {
      writeSpecFile(specPath, spec);
      await bootOut();
      await begin();
    },

    async uninstall() {
      await bootOut();
      rmSync(specPath, { force: true });
    },

    start: async () => ((await isLoaded()) ? kick() : begin()),
    stop: bootOut,
    restart: async () => ((await isLoaded()) ? kick('-k') : begin()),
    state,
  };
}

const outputOf = ({ code, stdout, stderr }: CommandResult): string =>
  `${(stderr || stdout).trim()} (code ${code})`;

const refused = (verb: string, why: string): ExitError =>
  new ExitError(exitCodes.crash, `launchctl ${verb} failed: ${why}. \`ocmesh doctor\` looks for the cause.`);
