import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { exitCodes, StartError } from '../adapters/system/exit.ts';
import { prepareHome } from '../adapters/system/home.ts';
import { environment } from '../config/schema.ts';
import { readDefinition } from '../service/definition-file.ts';
import { appFolder, currentLink, describeService } from '../service/description.ts';
import type { Answer } from '../service/installation.ts';
import { findNode, nodeProblem } from '../service/node-path.ts';
import { oldAgentNotice, shellQuoted } from '../service/old-agent.ts';
import { renderPlist } from '../service/plist.ts';
import { runCommand } from '../service/run-command.ts';
import type { Supervisor } from '../service/supervisor.ts';
import { renderUnit } from '../service/unit.ts';
import { printLine } from './output.ts';
import { seconds } from './seconds.ts';
import {
  installationOf,
  machine,
  ownBundle,
  realPath,
  requireSupervisor,
  serviceHome,
  type WaitFlags,
} from './service-machine.ts';

interface DescriptionFlags {
  readonly node?: string;
  readonly watchdog?: string;
}

const WAIT = ['--wait <seconds>', 'how long the daemon may take to answer', '15'] as const;
const NODE = [
  '--node <path>',
  'the Node to run it with; without it one is found that outlives upgrades',
] as const;
const WATCHDOG = [
  '--watchdog <seconds>',
  'how long it may hang before it is killed and started again',
  String(limits.watchdogSeconds),
] as const;

/** The daemon under launchd or `systemd --user`: there at every login, back after every crash. */
export function addServiceCommand(program: Command): void {
  const service = program
    .command('service')
    .description('Keep the daemon running: started at login, restarted when it dies (launchd, systemd).');
  service
    .command('install')
    .description('Install or upgrade it, start it, and wait until it answers.')
    .option(...NODE)
    .option(...WATCHDOG)
    .option(...WAIT)
    .option('--linger', 'on Linux: also run it while you are not logged in')
    .action(install);
  service
    .command('uninstall')
    .description('Stop and remove it. Identity and messages stay.')
    .option('--purge', 'remove identity and messages as well')
    .option('--yes', 'do not ask')
    .action(uninstall);
  service
    .command('start')
    .description('Start it.')
    .option(...WAIT)
    .action((flags: WaitFlags) => bring('start', flags));
  service.command('stop').description('Stop it, until the next login or `service start`.').action(stop);
  service
    .command('restart')
    .description('Stop it and start it again.')
    .option(...WAIT)
    .action((flags: WaitFlags) => bring('restart', flags));
  service
    .command('status')
    .description('Say whether it is installed, runs and answers.')
    .option('--json', 'for programs')
    .action(showStatus);
  service
    .command('print')
    .description('Print the plist or unit that `service install` would write.')
    .option(...NODE)
    .option(...WATCHDOG)
    .option('--for <name>', 'launchd or systemd; without it, what this machine has')
    .action(print);
}

async function install(flags: DescriptionFlags & WaitFlags & { readonly linger?: boolean }): Promise<void> {
  if (process.env['SUDO_USER']) {
    throw new StartError(
      exitCodes.permanent,
      'Run it as yourself, without sudo: the service is yours alone.',
    );
  }
  const home = serviceHome();
  const supervisor = await requireSupervisor();
  const program = ownBundle();
  prepareHome(home);
  const { path: nodePath, warning } = await chooseNode(flags);
  if (supervisor.name === 'launchd') note(await oldAgentNotice(runCommand, machine));
  note(warning);
  note(unseenSettings());
  const watchdogSec = seconds('--watchdog', flags.watchdog, limits.watchdogSeconds);
  printLine(`Installing ocmesh ${program.version} for ${supervisor.name}, run by ${nodePath} …`);
  const answer = await installationOf(supervisor, home, flags).install(program, nodePath, watchdogSec);
  describeAnswer(answer);
  printLine(`service   ${supervisor.definitionPath}`);
  printLine(`log       ${home.logFile}`);
  printLine(`MCP       node ${shellQuoted(join(currentLink(home.path), 'ocmesh-mcp.mjs'))}`);
  printLine(`command   node ${shellQuoted(join(currentLink(home.path), 'ocmesh.mjs'))} status`);
  if (supervisor.name === 'systemd') await linger(flags.linger ?? false);
}

const chooseNode = ({ node }: DescriptionFlags) =>
  findNode({
    run: runCommand,
    execPath: process.execPath,
    realPath,
    ...(node === undefined ? {} : { asked: node }),
  });

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
    : `The service does not see ${set.join(', ')} of this shell. What shall count for it belongs into ${serviceHome().config}.`;
}

async function uninstall(flags: { readonly purge?: boolean; readonly yes?: boolean }): Promise<void> {
  const home = serviceHome();
  if (flags.purge && !flags.yes) await confirmPurge(home.path);
  const supervisor = await requireSupervisor();
  const definition = readDefinition(supervisor.definitionPath);
  const other = definition && supervisor.read(definition)?.home;
  if (other && other !== home.path) {
    throw new StartError(
      exitCodes.permanent,
      `The service is that of ${other}. Set OCMESH_HOME to that folder.`,
    );
  }
  await installationOf(supervisor, home, {}).uninstall();
  if (!flags.purge) {
    return printLine(
      existsSync(home.path)
        ? `ocmesh is uninstalled. Identity and messages stay in ${home.path}.`
        : 'ocmesh is uninstalled.',
    );
  }
  // A folder of something else, named by mistake, is not ours to remove.
  if (!existsSync(home.path)) return printLine('ocmesh is uninstalled.');
  if (!existsSync(home.keystore)) {
    throw new StartError(
      exitCodes.permanent,
      `The service is gone, but ${home.path} holds no identity of ocmesh: it was left alone.`,
    );
  }
  rmSync(home.path, { recursive: true });
  printLine(`ocmesh is uninstalled, and ${home.path} is removed.`);
}

async function confirmPurge(path: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new StartError(
      exitCodes.permanent,
      `--purge removes ${path} with the identity in it, for ever. Use --yes as well.`,
    );
  }
  const { confirm } = await import('@clack/prompts');
  const message = `Remove ${path} with the identity and all messages in it? Nothing brings them back.`;
  if ((await confirm({ message, initialValue: false })) !== true)
    throw new StartError(exitCodes.permanent, 'Cancelled.');
}

/** @returns how the service is installed. @throws StartError where it is not, or where its Node is gone */
async function requireInstalled(supervisor: Supervisor): Promise<void> {
  const definition = readDefinition(supervisor.definitionPath);
  const installed = definition && supervisor.read(definition);
  if (!installed)
    throw new StartError(exitCodes.permanent, 'The service is not installed. Run: ocmesh service install');
  const problem = await nodeProblem(runCommand, installed.nodePath);
  if (problem) throw new StartError(exitCodes.permanent, nodeIsGone(installed.nodePath, problem));
}

const nodeIsGone = (path: string, problem: string): string =>
  `The service is run by ${path}, and ${problem}. Run \`ocmesh service install\` again with the Node that you have now.`;

async function bring(how: 'start' | 'restart', flags: WaitFlags): Promise<void> {
  const supervisor = await requireSupervisor();
  await requireInstalled(supervisor);
  describeAnswer(await installationOf(supervisor, serviceHome(), flags).bring(how));
}

async function stop(): Promise<void> {
  const supervisor = await requireSupervisor();
  await supervisor.stop();
  printLine('ocmesh is stopped.');
}

async function showStatus(flags: { readonly json?: boolean }): Promise<void> {
  const supervisor = await requireSupervisor();
  const home = serviceHome();
  const installation = installationOf(supervisor, home, {});
  const definition = readDefinition(supervisor.definitionPath);
  const installed = definition === null ? null : supervisor.read(definition);
  const state = await supervisor.state();
  const answer = await installation.ask();
  const problem = installed && (await nodeProblem(runCommand, installed.nodePath));
  if (!installed || !answer || problem) process.exitCode = exitCodes.crash;
  if (flags.json) {
    const { name: service_manager, definitionPath: definition_path } = supervisor;
    const facts = {
      service_manager,
      definition_path,
      installed: installed !== null,
      version: installation.versions.current(),
    };
    const { isLoaded: loaded, pid, words: state_words } = state;
    return printLine(
      JSON.stringify(
        {
          ...facts,
          loaded,
          pid,
          state: state_words,
          node: installed?.nodePath ?? null,
          node_problem: problem,
          url: answer?.url ?? null,
        },
        null,
        2,
      ),
    );
  }
  if (!installed)
    return printLine(
      `The service is not installed (${supervisor.definitionPath}). Run: ocmesh service install`,
    );
  printLine(`service   ${supervisor.definitionPath}`);
  printLine(
    `program   ${installation.versions.current() ?? `missing in ${appFolder(home.path)}: run \`ocmesh service install\``}`,
  );
  printLine(`${supervisor.name.padEnd(9)} ${state.words}${state.pid ? `, pid ${state.pid}` : ''}`);
  if (problem) printLine(`! ${nodeIsGone(installed.nodePath, problem)}`);
  if (answer) describeAnswer(answer);
  else printLine(`It does not answer.${installation.lastWords()}`);
}

async function print(flags: DescriptionFlags & { readonly for?: string }): Promise<void> {
  const { path: nodePath } = await chooseNode(flags);
  const watchdogSec = seconds('--watchdog', flags.watchdog, limits.watchdogSeconds);
  const description = describeService({ home: serviceHome().path, nodePath, watchdogSec });
  const name = flags.for ?? (await requireSupervisor()).name;
  if (name !== 'launchd' && name !== 'systemd')
    throw new StartError(exitCodes.permanent, '--for takes launchd or systemd.');
  process.stdout.write((name === 'launchd' ? renderPlist : renderUnit)(description));
}

function describeAnswer({ version, url, npub }: Answer): void {
  printLine(`ocmesh ${version} is running: ${url}`);
  printLine(`identity  ${npub}`);
}

function note(text: string | null): void {
  if (text) process.stderr.write(`! ${text}\n`);
}
