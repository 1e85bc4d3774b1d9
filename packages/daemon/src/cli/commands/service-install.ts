import { join } from 'node:path';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import { prepareHome } from '../../adapters/system/home.ts';
import { environment } from '../../config/schema.ts';
import { oldAgentNotice, shellQuoted } from '../../service/legacy-agent.ts';
import { runCommand } from '../../service/run-command.ts';
import { currentLink } from '../../service/service-spec.ts';
import { printLine } from '../terminal/output.ts';
import {
  chooseNode,
  type DescriptionFlags,
  describeAnswer,
  installationOf,
  machine,
  ownBundle,
  requireSupervisor,
  serviceHome,
  type WaitFlags,
  watchdogSecOf,
} from './service-host.ts';

/** `ocmesh service install`. */
export async function installService(
  flags: DescriptionFlags & WaitFlags & { readonly linger?: boolean },
): Promise<void> {
  if (machine.uid === 0 && process.env['SUDO_USER']) {
    throw new ExitError(exitCodes.permanent, 'Run it as yourself, without sudo: the service is yours alone.');
  }
  const home = serviceHome();
  const supervisor = await requireSupervisor();
  const program = ownBundle();
  prepareHome(home);
  const { path: nodePath, warning } = await chooseNode(flags);
  if (supervisor.name === 'launchd') note(await oldAgentNotice(runCommand, machine));
  note(warning);
  note(unseenSettings());
  const watchdogSec = watchdogSecOf(flags);
  printLine(`Installing ocmesh ${program.version} for ${supervisor.name}, run by ${nodePath} …`);
  const answer = await installationOf(supervisor, home, flags).install(program, nodePath, watchdogSec);
  describeAnswer(answer);
  printLine(`service   ${supervisor.definitionPath}`);
  printLine(`log       ${home.logFile}`);
  printLine(`MCP       node ${shellQuoted(join(currentLink(home.path), 'ocmesh-mcp.mjs'))}`);
  printLine(`command   node ${shellQuoted(join(currentLink(home.path), 'ocmesh.mjs'))} status`);
  if (supervisor.name === 'systemd') await linger(flags.linger ?? false);
}

/** Without lingering a user's services end with the last session, and begin with the first. */
async function linger(isAsked: boolean): Promise<void> {
  const { stdout } = await runCommand('loginctl', ['show-user', String(machine.uid), '--property=Linger']);
  if (stdout.trim() === 'Linger=yes') return;
  if (isAsked && (await runCommand('loginctl', ['enable-linger'])).code === 0) return;
  note(
    `It runs while you are logged in.${isAsked ? ' Lingering was refused.' : ''} To keep it running all the time: sudo loginctl enable-linger ${process.env['USER'] ?? machine.uid}`,
  );
}

/** A service does not see the environment of the shell that installed it. */
function unseenSettings(): string | null {
  const set = Object.values(environment)
    .map(({ variable }) => variable)
    .filter((name) => process.env[name]);
  return set.length === 0
    ? null
    : `The service does not see ${set.join(', ')} of this shell. What shall count for it belongs in ${serviceHome().config}.`;
}

function note(text: string | null): void {
  if (text) process.stderr.write(`! ${text}\n`);
}
