import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import type { CommandResult, RunCommand } from './run-command.ts';
import { systemdUnit } from './service-spec.ts';
import { writeSpecFile } from './spec-file.ts';
import type { Supervisor } from './supervisor.ts';
import { readUnit, renderUnit } from './unit.ts';

export interface SystemdDeps {
  readonly run: RunCommand;
  /** `~/.config`, unless the user set another folder. */
  readonly configFolder: string;
}

/** Controls `systemd --user`: without root, and with files in the user's folders only. */
export function createSystemd({ run, configFolder }: SystemdDeps): Supervisor {
  const specPath = join(configFolder, 'systemd/user', systemdUnit);

  const systemctl = (...args: string[]): Promise<CommandResult> => run('systemctl', ['--user', ...args]);

  async function mustSucceed(...args: string[]): Promise<void> {
    const { code, stderr } = await systemctl(...args);
    if (code === 0) return;
    throw new ExitError(
      exitCodes.crash,
      `systemctl --user ${args.join(' ')} failed: ${stderr.trim()} (code ${code}). \`ocmesh doctor\` looks for the cause.`,
    );
  }

  /** Resets the failed state first, without which a unit that exited with 78 does not start. Does not wait for the start. */
  async function begin(verb: 'start' | 'restart'): Promise<void> {
    await systemctl('reset-failed', systemdUnit);
    await mustSucceed('--no-block', verb, systemdUnit);
  }

  return {
    name: 'systemd',
    specPath,
    render: renderUnit,
    read: readUnit,

    async install(spec) {
      writeSpecFile(specPath, spec);
      await mustSucceed('daemon-reload');
      await mustSucceed('enable', systemdUnit);
      await begin('restart');
    },

    async uninstall() {
      // Fails harmlessly if the unit is unknown or not loaded.
      await systemctl('disable', '--now', systemdUnit);
      rmSync(specPath, { force: true });
      await mustSucceed('daemon-reload');
      await systemctl('reset-failed', systemdUnit);
    },

    start: () => begin('start'),
    stop: () => mustSucceed('stop', systemdUnit),
    restart: () => begin('restart'),

    async state() {
      const properties = ['LoadState', 'ActiveState', 'SubState', 'Result', 'ExecMainStatus', 'MainPID'];
      const { stdout } = await systemctl('show', systemdUnit, `--property=${properties.join(',')}`);
      const facts = Object.fromEntries(
        stdout
          .trim()
          .split('\n')
          .map((line) => line.split('=', 2)),
      );
      const summary = [facts['ActiveState'], facts['SubState'], `last exit code ${facts['ExecMainStatus']}`];
      return {
        isLoaded: facts['LoadState'] === 'loaded',
        pid: Number(facts['MainPID']) || null,
        summary: summary.join(', '),
      };
    },
  };
}
