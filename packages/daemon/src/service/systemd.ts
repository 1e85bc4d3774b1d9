import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import type { CommandResult, RunCommand } from './run-command.ts';
import { systemdUnit } from './service-spec.ts';
import { writeDefinition } from './spec-file.ts';
import type { Supervisor } from './supervisor.ts';
import { readUnit, renderUnit } from './unit.ts';

export interface SystemdDeps {
  readonly run: RunCommand;
  /** `~/.config` unless the user set another. */
  readonly configFolder: string;
}

/** The service manager of one user: no root, nothing outside the user's folders. */
export function createSystemd({ run, configFolder }: SystemdDeps): Supervisor {
  const definitionPath = join(configFolder, 'systemd/user', systemdUnit);

  const systemctl = (...args: string[]): Promise<CommandResult> => run('systemctl', ['--user', ...args]);

  async function order(...args: string[]): Promise<void> {
    const { code, stderr } = await systemctl(...args);
    if (code === 0) return;
    throw new ExitError(
      exitCodes.crash,
      `systemctl --user ${args.join(' ')} failed: ${stderr.trim()} (code ${code}). \`ocmesh doctor\` looks for the cause.`,
    );
  }

  /** A unit that ended with 78 must be forgiven before it starts again. Does not wait: whoever asks looks at the daemon itself. */
  async function begin(verb: 'start' | 'restart'): Promise<void> {
    await systemctl('reset-failed', systemdUnit);
    await order('--no-block', verb, systemdUnit);
  }

  return {
    name: 'systemd',
    definitionPath,
    render: renderUnit,
    read: readUnit,

    async install(definition) {
      writeDefinition(definitionPath, definition);
      await order('daemon-reload');
      await order('enable', systemdUnit);
      await begin('restart');
    },

    async uninstall() {
      // Not known, not loaded: all the same.
      await systemctl('disable', '--now', systemdUnit);
      rmSync(definitionPath, { force: true });
      await order('daemon-reload');
      await systemctl('reset-failed', systemdUnit);
    },

    start: () => begin('start'),
    stop: () => order('stop', systemdUnit),
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
      const words = [facts['ActiveState'], facts['SubState'], `last exit code ${facts['ExecMainStatus']}`];
      return {
        isLoaded: facts['LoadState'] === 'loaded',
        pid: Number(facts['MainPID']) || null,
        words: words.join(', '),
      };
    },
  };
}
