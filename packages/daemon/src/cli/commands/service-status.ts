import { exitCodes } from '../../adapters/system/exit.ts';
import { nodeProblem } from '../../service/node-path.ts';
import { runCommand } from '../../service/run-command.ts';
import { appFolder } from '../../service/service-spec.ts';
import { readSpecFile } from '../../service/spec-file.ts';
import type { Supervisor } from '../../service/supervisor.ts';
import type { CommandContext } from '../terminal/context.ts';
import {
  askDaemon,
  describeDaemon,
  describeUnusableNode,
  findServiceManager,
  installationOf,
} from './service-context.ts';

/** Runs `ocmesh service status`. */
export async function showServiceStatus(context: CommandContext): Promise<void> {
  const found = await findServiceManager(context);
  if ('missing' in found) await showNoServiceManager(context, found.missing);
  else await showService(context, found.supervisor);
}

async function showService(context: CommandContext, supervisor: Supervisor): Promise<void> {
  const installation = installationOf(context, supervisor, {});
  const spec = readSpecFile(supervisor.specPath);
  const installed = spec === null ? null : supervisor.read(spec);
  const state = await supervisor.state();
  const daemon = await askDaemon(context.home);
  const problem = installed && (await nodeProblem(runCommand, installed.nodePath));
  const version = installation.installedVersion();
  if (!installed || !daemon || problem) context.io.setExitCode(exitCodes.crash);

  function describe(): string {
    if (!installed)
      return `The service is not installed (${supervisor.specPath}). Run: ocmesh service install`;
    const folder = appFolder(context.home.path);
    return [
      `service   ${supervisor.specPath}`,
      `program   ${version ?? `missing in ${folder}: run \`ocmesh service install\``}`,
      `${supervisor.name.padEnd(9)} ${state.summary}${state.pid ? `, pid ${state.pid}` : ''}`,
      ...(problem ? [`! ${describeUnusableNode(installed.nodePath, problem)}`] : []),
      daemon ? describeDaemon(daemon) : `The daemon does not respond.${installation.recentErrors()}`,
    ].join('\n');
  }

  context.printer().result(
    {
      service_manager: supervisor.name,
      definition_path: supervisor.specPath,
      installed: installed !== null,
      version,
      loaded: state.isLoaded,
      pid: state.pid,
      state: state.summary,
      node: installed?.nodePath ?? null,
      node_problem: problem,
      url: daemon?.url ?? null,
    },
    describe,
  );
}

/** Without a service manager, a daemon may still run in the foreground. */
async function showNoServiceManager(context: CommandContext, missing: string): Promise<void> {
  const daemon = await askDaemon(context.home);
  context.io.setExitCode(exitCodes.crash);
  context.printer().result(
    {
      service_manager: null,
      definition_path: null,
      installed: false,
      version: null,
      loaded: false,
      pid: null,
      state: missing,
      node: null,
      node_problem: null,
      url: daemon?.url ?? null,
    },
    () =>
      [
        `No service: ${missing}.`,
        daemon ? describeDaemon(daemon) : 'No daemon is running. `ocmesh start` runs one in the foreground.',
      ].join('\n'),
  );
}
