import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, pause } from '@ocmesh/shared/ambient';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import { readPlist, renderPlist } from './plist.ts';
import type { CommandResult, RunCommand } from './run-command.ts';
import { launchdLabel } from './service-spec.ts';
import { writeDefinition } from './spec-file.ts';
import type { Supervisor, SupervisorState } from './supervisor.ts';

/** What `launchctl` ends with. */
const codes = {
  /** Also what it says while the job of that label is still being torn down. */
  inputOutput: 5,
  inProgress: 37,
  noDomain: 125,
  alreadyLoaded: 130,
} as const;
const PAUSE_MS = 500;
/** Longer than launchd waits from SIGTERM to SIGKILL. */
const PATIENCE_MS = 30_000;

export interface LaunchdDeps {
  readonly run: RunCommand;
  readonly clock: Clock;
  /** The user's, where `Library/LaunchAgents` is. */
  readonly userHome: string;
  readonly uid: number;
  readonly isAlive: (pid: number) => boolean;
}

/** Only the verbs of launchctl's own manual; the old ones (load, unload, start, stop) hide why something failed. */
export function createLaunchd({ run, clock, userHome, uid, isAlive }: LaunchdDeps): Supervisor {
  const domain = `gui/${uid}`;
  const target = `${domain}/${launchdLabel}`;
  const definitionPath = join(userHome, 'Library/LaunchAgents', `${launchdLabel}.plist`);
  const launchctl = (...args: string[]): Promise<CommandResult> => run('launchctl', args);
  const isLoaded = async (): Promise<boolean> => (await launchctl('print', target)).code === 0;

  async function state(): Promise<SupervisorState> {
    const { code, stdout } = await launchctl('print', target);
    if (code !== 0) return { isLoaded: false, pid: null, words: 'not loaded' };
    const find = (name: string): string | undefined =>
      new RegExp(`^\\s*${name} = (.+)$`, 'm').exec(stdout)?.[1];
    const pid = find('pid');
    const words = [find('state'), `last exit code ${find('last exit code') ?? 'unknown'}`];
    return { isLoaded: true, pid: pid ? Number(pid) : null, words: words.join(', ') };
  }

  async function bootOut(): Promise<void> {
    const { isLoaded: wasLoaded, pid } = await state();
    if (!wasLoaded) return;
    await launchctl('bootout', target);
    const deadline = clock.monotonic() + PATIENCE_MS;
    // The label may be gone while the process still drains, and its home is not free before it is.
    while ((await isLoaded()) || (pid && isAlive(pid))) {
      if (clock.monotonic() > deadline) throw refused('bootout', `${target} does not end`);
      await pause(clock, PAUSE_MS);
    }
  }

  async function bootstrap(): Promise<void> {
    const deadline = clock.monotonic() + PATIENCE_MS;
    for (;;) {
      const result = await launchctl('bootstrap', domain, definitionPath);
      if (result.code === 0) return;
      const isThere = result.code === codes.inProgress || result.code === codes.alreadyLoaded;
      if (isThere && (await isLoaded())) return;
      if (result.code === codes.noDomain) {
        throw new ExitError(
          exitCodes.permanent,
          'launchd has no session for you here: this is a login over SSH, or sudo. Run it in the Terminal of the user who is logged in at the screen.',
        );
      }
      const mayPass = isThere || result.code === codes.inputOutput;
      if (!mayPass || clock.monotonic() > deadline) throw refused('bootstrap', said(result));
      await pause(clock, PAUSE_MS);
    }
  }

  async function begin(): Promise<void> {
    // `launchctl disable`, or a switch in the system settings, outlives every plist.
    const enabled = await launchctl('enable', target);
    if (enabled.code !== 0 && enabled.code !== codes.noDomain) throw refused('enable', said(enabled));
    await bootstrap();
  }

  async function kick(...flags: string[]): Promise<void> {
    const result = await launchctl('kickstart', ...flags, target);
    if (result.code !== 0) throw refused('kickstart', said(result));
  }

  return {
    name: 'launchd',
    definitionPath,
    render: renderPlist,
    read: readPlist,

    async install(definition) {
      writeDefinition(definitionPath, definition);
      await bootOut();
      await begin();
    },

    async uninstall() {
      await bootOut();
      rmSync(definitionPath, { force: true });
    },

    start: async () => ((await isLoaded()) ? kick() : begin()),
    stop: bootOut,
    restart: async () => ((await isLoaded()) ? kick('-k') : begin()),
    state,
  };
}

const said = ({ code, stdout, stderr }: CommandResult): string =>
  `${(stderr || stdout).trim()} (code ${code})`;

const refused = (verb: string, why: string): ExitError =>
  new ExitError(exitCodes.crash, `launchctl ${verb} failed: ${why}. \`ocmesh doctor\` looks for the cause.`);
