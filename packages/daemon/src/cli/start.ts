import { homedir } from 'node:os';
import { join } from 'node:path';
import { defaultPort } from '@ocmesh/shared/contract';
import { type Command, Option } from 'commander';
import { createSystemClock } from '../adapters/system/clock.ts';
import { exitCodes } from '../adapters/system/exit.ts';
import { homeFiles } from '../adapters/system/home.ts';
import { type CommandContext, example } from './context.ts';
import { goOnWithoutReader } from './io.ts';
import type { SupervisionFlags } from './supervised.ts';

interface StartFlags extends SupervisionFlags {
  readonly home?: string;
  readonly port?: string;
  readonly name?: string;
  readonly relay?: string[];
  readonly logLevel?: string;
}

/** The folder of the agent. */
export const homePath = (
  flag?: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string => flag ?? (env['OCMESH_HOME'] || join(homedir(), '.ocmesh'));

export function addStartCommand(program: Command, context: CommandContext): void {
  program
    .command('start')
    .description('Run the daemon in the foreground, until it is stopped.')
    .option('--home <folder>', 'where it keeps its data (OCMESH_HOME, ~/.ocmesh)')
    .option('--port <number>', `of the REST API on 127.0.0.1, 0 for any (OCMESH_PORT, ${defaultPort})`)
    .option('--name <text>', 'the name other agents see (OCMESH_NAME)')
    .option('--relay <url...>', 'relays to use instead of the list (OCMESH_RELAYS)')
    .option('--log-level <level>', 'debug, info, warn or error (OCMESH_LOG_LEVEL)')
    // Of `ocmesh service`: who keeps it alive, and after how many seconds a hung one is killed.
    .addOption(new Option('--supervisor <name>').hideHelp())
    .addOption(new Option('--watchdog <seconds>').hideHelp())
    .addHelpText('after', example('ocmesh start --name my-agent'))
    .action((flags: StartFlags) => start(flags, context));
}

async function start(flags: StartFlags, { printer }: CommandContext): Promise<void> {
  goOnWithoutReader();
  // The other commands shall not wait until all of the daemon is loaded.
  const [{ loadConfig, renameNotice }, { startDaemon }, { superviseBy }] = await Promise.all([
    import('../config/load.ts'),
    import('../app.ts'),
    import('./supervised.ts'),
  ]);
  const home = homeFiles(homePath(flags.home));
  const supervision = superviseBy(flags, createSystemClock());
  const daemon = await supervision.start(async () => {
    const { values, origins, renamed } = loadConfig(home.config, process.env, {
      port: flags.port === undefined ? undefined : Number(flags.port),
      name: flags.name,
      relays: flags.relay,
      log_level: flags.logLevel,
    });
    // What a service manager keeps of standard error is never rotated.
    const started = await startDaemon(home, values, { logToStderr: flags.supervisor === undefined });
    for (const [key, origin] of Object.entries(origins)) {
      if (origin !== 'default') started.log.info(`setting ${key} from ${origin}`);
    }
    for (const field of renamed) started.log.warn(renameNotice(field));
    return started;
  });

  // Every signal counts, also a second one during the stop: a default action would kill the drain.
  const stop = (): void => {
    supervision.onStopping();
    void daemon.stop().then(() => process.exit(exitCodes.clean));
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
  // Our own bug: the state may be bad, so this process ends; what was acknowledged is on disk.
  process.on('uncaughtException', (error) => {
    daemon.log.error('crash', { stack: error.stack ?? String(error) });
    process.exit(exitCodes.crash);
  });
  // Said after the handlers stand: a supervisor may stop us from here on.
  supervision.onStarted(daemon);
  const { url, npub } = daemon;
  printer().item({ url, npub }, () => `ocmesh is running: ${url}  ${npub}`);
}
