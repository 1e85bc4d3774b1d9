import type { Command } from 'commander';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import { serviceLimits } from '../../service/limits.ts';
import { nodeProblem } from '../../service/node-path.ts';
import { renderPlist } from '../../service/plist.ts';
import { runCommand } from '../../service/run-command.ts';
import { appFolder, describeService } from '../../service/service-spec.ts';
import { readDefinition } from '../../service/spec-file.ts';
import type { Supervisor } from '../../service/supervisor.ts';
import { renderUnit } from '../../service/unit.ts';
import { example } from '../terminal/context.ts';
import { printLine } from '../terminal/output.ts';
import {
  ask,
  chooseNode,
  type DescriptionFlags,
  describeAnswer,
  installationOf,
  lookForSupervisor,
  requireSupervisor,
  serviceHome,
  type WaitFlags,
  watchdogSecOf,
} from './service-host.ts';
import { installService } from './service-install.ts';
import { uninstallService } from './service-uninstall.ts';

const WAIT = ['--wait <seconds>', 'how long the daemon may take to answer', '15'] as const;
const NODE = [
  '--node <path>',
  'the Node to run it with; without it one is found that outlives upgrades',
] as const;
const WATCHDOG = [
  '--watchdog <seconds>',
  'how long it may hang before it is killed and started again',
  String(serviceLimits.watchdogSeconds),
] as const;

/** The daemon under launchd or `systemd --user`: there at every login, back after every crash. */
export function addServiceCommand(program: Command): void {
  const service = program
    .command('service')
    .description('Keep the daemon running: started at login, restarted when it dies (launchd, systemd).')
    .addHelpText('after', example('ocmesh service install'));
  service
    .command('install')
    .description('Install or upgrade it, start it, and wait until it answers.')
    .option(...NODE)
    .option(...WATCHDOG)
    .option(...WAIT)
    .option('--linger', 'on Linux: also run it while you are not logged in')
    .addHelpText('after', example('ocmesh service install'))
    .action(installService);
  service
    .command('uninstall')
    .description('Stop and remove it. Identity and messages stay.')
    .option('--purge', 'remove identity and messages as well')
    .option('--yes', 'do not ask')
    .addHelpText('after', example('ocmesh service uninstall'))
    .action(uninstallService);
  service
    .command('start')
    .description('Start it.')
    .option(...WAIT)
    .addHelpText('after', example('ocmesh service start'))
    .action((flags: WaitFlags) => bring('start', flags));
  service
    .command('stop')
    .description('Stop it, until the next login or `service start`.')
    .addHelpText('after', example('ocmesh service stop'))
    .action(stop);
  service
    .command('restart')
    .description('Stop it and start it again.')
    .option(...WAIT)
    .addHelpText('after', example('ocmesh service restart'))
    .action((flags: WaitFlags) => bring('restart', flags));
  service
    .command('status')
    .description('Say whether it is installed, runs and answers.')
    .addHelpText('after', example('ocmesh service status'))
    .action(showStatus);
  service
    .command('print')
    .description('Print the plist or unit that `service install` would write.')
    .option(...NODE)
    .option(...WATCHDOG)
    .option('--for <name>', 'launchd or systemd; without it, launchd on macOS and systemd elsewhere')
    .addHelpText('after', example('ocmesh service print'))
    .action(print);
}

/** @throws ExitError where it is not, or where its Node is gone */
async function requireInstalled(supervisor: Supervisor): Promise<void> {
  const definition = readDefinition(supervisor.definitionPath);
  const installed = definition && supervisor.read(definition);
  if (!installed)
    throw new ExitError(exitCodes.permanent, 'The service is not installed. Run: ocmesh service install');
  const problem = await nodeProblem(runCommand, installed.nodePath);
  if (problem) throw new ExitError(exitCodes.permanent, nodeIsGone(installed.nodePath, problem));
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
  const found = await lookForSupervisor();
  if ('missing' in found) return showNone(found.missing, flags.json ?? false);
  const { supervisor } = found;
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

/** Where nothing keeps a daemon alive, one may run in the foreground. */
async function showNone(missing: string, json: boolean): Promise<void> {
  const answer = await ask(serviceHome());
  process.exitCode = exitCodes.crash;
  if (json) {
    const facts = { service_manager: null, definition_path: null, installed: false, version: null };
    const none = { loaded: false, pid: null, state: missing, node: null, node_problem: null };
    return printLine(JSON.stringify({ ...facts, ...none, url: answer?.url ?? null }, null, 2));
  }
  printLine(`No service: ${missing}.`);
  if (answer) describeAnswer(answer);
  else printLine('No daemon answers. `ocmesh start` runs one in the foreground.');
}

async function print(flags: DescriptionFlags & { readonly for?: string }): Promise<void> {
  const { path: nodePath } = await chooseNode(flags);
  const watchdogSec = watchdogSecOf(flags);
  const description = describeService({ home: serviceHome().path, nodePath, watchdogSec });
  const name = flags.for ?? (process.platform === 'darwin' ? 'launchd' : 'systemd');
  if (name !== 'launchd' && name !== 'systemd')
    throw new ExitError(exitCodes.permanent, '--for takes launchd or systemd.');
  process.stdout.write((name === 'launchd' ? renderPlist : renderUnit)(description));
}
