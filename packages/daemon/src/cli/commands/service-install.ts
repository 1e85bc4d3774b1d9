import { join } from 'node:path';
import { shellQuoted } from '@ocmesh/shared/text';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import { prepareHome } from '../../adapters/system/home.ts';
import { loadConfig } from '../../config/load.ts';
import { proxyVariable } from '../../config/outbound.ts';
import { environment } from '../../config/schema.ts';
import { legacyAgentNotice } from '../../service/legacy-agent.ts';
import { runCommand } from '../../service/run-command.ts';
import { currentLink } from '../../service/service-spec.ts';
import type { CommandContext } from '../terminal/context.ts';
import {
  chooseNode,
  describeDaemon,
  installationOf,
  machineOf,
  ownBundle,
  requireSupervisor,
  type SpecFlags,
  type WaitFlags,
  watchdogSecOf,
} from './service-context.ts';

interface InstallFlags extends SpecFlags, WaitFlags {
  readonly linger?: boolean;
}

/** Runs `ocmesh service install`. */
export async function installService(context: CommandContext, flags: InstallFlags): Promise<void> {
  const { io, printer } = context;
  const machine = machineOf(context);
  const warn = (text: string | null): void => void (text && io.stderr.write(`! ${text}\n`));
  if (machine.uid === 0 && io.env['SUDO_USER']) {
    throw new ExitError(
      exitCodes.permanent,
      'Run this without sudo: the service belongs to your user account.',
    );
  }
  const { home } = context;
  const supervisor = await requireSupervisor(context);
  const program = ownBundle();
  prepareHome(home);
  const { path: nodePath, warning } = await chooseNode(flags);
  if (supervisor.name === 'launchd') warn(await legacyAgentNotice(runCommand, machine));
  warn(warning);
  warn(ignoredSettings(io.env, home.config));
  warn(unseenProxy(io.env, home.config));
  const watchdogSec = watchdogSecOf(flags);
  const { line } = printer();
  line(`Installing ocmesh ${program.version} for ${supervisor.name}, run by ${nodePath} …`);
  const installation = installationOf(context, supervisor, flags);
  const daemon = await installation.install(program, nodePath, watchdogSec);
  line(describeDaemon(daemon));
  line(`service   ${supervisor.specPath}`);
  line(`log       ${home.logFile}`);
  line(`MCP       node ${shellQuoted(join(currentLink(home.path), 'ocmesh-mcp.mjs'))}`);
  line(`command   node ${shellQuoted(join(currentLink(home.path), 'ocmesh.mjs'))} status`);
  if (supervisor.name === 'systemd') {
    const user = io.env['USER'] ?? String(machine.uid);
    warn(await enableLinger(machine.uid, user, flags.linger ?? false));
  }
}

/**
 * Without lingering, the services of a user start with the first session and stop with the last.
 * @returns a warning, if lingering is not enabled
 */
async function enableLinger(uid: number, user: string, isWanted: boolean): Promise<string | null> {
  const { stdout } = await runCommand('loginctl', ['show-user', String(uid), '--property=Linger']);
  if (stdout.trim() === 'Linger=yes') return null;
  if (isWanted && (await runCommand('loginctl', ['enable-linger'])).code === 0) return null;
  return `It runs while you are logged in.${isWanted ? ' Enabling lingering was refused.' : ''} To keep it running all the time: sudo loginctl enable-linger ${user}`;
}

/** A service does not inherit the environment of the shell that installs it. */
function ignoredSettings(env: CommandContext['io']['env'], config: string): string | null {
  const set = Object.values(environment)
    .map(({ variable }) => variable)
    .filter((name) => env[name]);
  return set.length === 0
    ? null
    : `The service ignores ${set.join(', ')} of this shell. Put settings for it in ${config}.`;
}

/** Warns that the daemon would reach relays directly, unlike other programs of this shell. */
export function unseenProxy(env: CommandContext['io']['env'], config: string): string | null {
  const name = proxyVariable(env);
  if (name === null || loadConfig(config, {}, {}).values.proxy !== null) return null;
  return `The service does not see ${name} of this shell, and reaches relays directly. To use that proxy, name it in ${config} as "proxy", and run \`ocmesh service restart\`. "none" there says that you want none.`;
}
