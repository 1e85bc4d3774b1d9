import type { Command } from 'commander';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import { serviceLimits } from '../../service/limits.ts';
import { nodeProblem } from '../../service/node-path.ts';
import { renderPlist } from '../../service/plist.ts';
import { runCommand } from '../../service/run-command.ts';
import { createServiceSpec } from '../../service/service-spec.ts';
import { readSpecFile } from '../../service/spec-file.ts';
import type { Supervisor } from '../../service/supervisor.ts';
import { renderUnit } from '../../service/unit.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import {
  chooseNode,
  describeDaemon,
  describeUnusableNode,
  extraCaCertsOf,
  installationOf,
  requireSupervisor,
  type SpecFlags,
  type WaitFlags,
  watchdogSecOf,
} from './service-context.ts';
import { installService } from './service-install.ts';
import { showServiceStatus } from './service-status.ts';
import { uninstallService } from './service-uninstall.ts';

const WAIT = ['--wait <seconds>', 'how long to wait until the daemon responds', '15'] as const;
const NODE = [
  '--node <path>',
  'the Node.js to run it with; by default one whose path survives upgrades',
] as const;
const WATCHDOG = [
  '--watchdog <seconds>',
  'restart the daemon if it hangs for this long',
  String(serviceLimits.watchdogSeconds),
] as const;

/** Adds `service`: the daemon under launchd or `systemd --user`. */
export function addServiceCommand(program: Command, context: CommandContext): void {
  const service = program
    .command('service')
    .description('Keep the daemon running: start at login, restart after a crash (launchd, systemd).')
    .addHelpText('after', example('ocmesh service install'));
  service
    .command('install')
    .description('Install or upgrade the service, start it, and wait until the daemon responds.')
    .option(...NODE)
    .option(...WATCHDOG)
    .option(...WAIT)
    .option('--linger', 'on Linux: keep running while you are logged out')
    .addHelpText('after', example('ocmesh service install'))
    .action((flags) => installService(context, flags));
  service
    .command('uninstall')
    .description('Stop and remove the service. Identity and messages stay.')
    .option('--purge', 'also remove identity and messages')
    .option('--yes', 'do not ask')
    .addHelpText('after', example('ocmesh service uninstall'))
    .action((flags) => uninstallService(context, flags));
  service
    .command('start')
    .description('Start the service.')
    .option(...WAIT)
    .addHelpText('after', example('ocmesh service start'))
    .action((flags: WaitFlags) => bring(context, 'start', flags));
  service
    .command('stop')
    .description('Stop the service until the next login or `service start`.')
    .addHelpText('after', example('ocmesh service stop'))
    .action(() => stop(context));
  service
    .command('restart')
    .description('Restart the service.')
    .option(...WAIT)
    .addHelpText('after', example('ocmesh service restart'))
    .action((flags: WaitFlags) => bring(context, 'restart', flags));
  service
    .command('status')
    .description('Show whether the service is installed and running, and whether the daemon responds.')
    .addHelpText('after', example('ocmesh service status'))
    .action(() => showServiceStatus(context));
  service
    .command('print')
    .description('Print the plist or unit that `service install` would write.')
    .option(...NODE)
    .option(...WATCHDOG)
    .option('--for <name>', 'launchd or systemd (default: launchd on macOS, systemd elsewhere)')
    .addHelpText('after', example('ocmesh service print'))
    .action((flags: PrintFlags) => printDefinition(context, flags));
}

async function bring(context: CommandContext, how: 'start' | 'restart', flags: WaitFlags): Promise<void> {
  const supervisor = await requireSupervisor(context);
  await requireInstalled(supervisor);
  const daemon = await installationOf(context, supervisor, flags).bring(how);
  context.printer().line(describeDaemon(daemon));
}

/** @throws ExitError if the service is not installed, or its Node.js is gone */
async function requireInstalled(supervisor: Supervisor): Promise<void> {
  const spec = readSpecFile(supervisor.specPath);
  const installed = spec && supervisor.read(spec);
  if (!installed)
    throw new ExitError(exitCodes.permanent, 'The service is not installed. Run: ocmesh service install');
  const problem = await nodeProblem(runCommand, installed.nodePath);
  if (problem) throw new ExitError(exitCodes.permanent, describeUnusableNode(installed.nodePath, problem));
}

async function stop(context: CommandContext): Promise<void> {
  const supervisor = await requireSupervisor(context);
  await supervisor.stop();
  context.printer().line('ocmesh is stopped.');
}

interface PrintFlags extends SpecFlags {
  readonly for?: string;
}

async function printDefinition(context: CommandContext, flags: PrintFlags): Promise<void> {
  const { path: nodePath } = await chooseNode(flags);
  const watchdogSec = watchdogSecOf(flags);
  const spec = createServiceSpec({
    home: context.home.path,
    nodePath,
    watchdogSec,
    extraCaCerts: extraCaCertsOf(context),
  });
  const name = flags.for ?? (process.platform === 'darwin' ? 'launchd' : 'systemd');
  if (name !== 'launchd' && name !== 'systemd')
    throw new ExitError(exitCodes.permanent, '--for must be launchd or systemd.');
  context.io.stdout.write((name === 'launchd' ? renderPlist : renderUnit)(spec));
}
