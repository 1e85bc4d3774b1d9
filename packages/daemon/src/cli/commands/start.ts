import { defaultPort } from '@ocmesh/shared/contract';
import { type Command, Option } from 'commander';
import { exitCodes } from '../../adapters/system/exit.ts';
import { homeFiles } from '../../adapters/system/home.ts';
import { type CommandContext, example, homePath } from '../terminal/context.ts';
import { ignoreClosedOutput } from '../terminal/io.ts';
import type { SupervisionFlags } from './supervision.ts';

interface StartFlags extends SupervisionFlags {
  readonly home?: string;
  readonly port?: string;
  readonly name?: string;
  readonly relay?: string[];
  readonly logLevel?: string;
}

export function addStartCommand(program: Command, context: CommandContext): void {
  program
    .command('start')
    .description('Run the daemon in the foreground.')
    .option('--home <folder>', 'folder for its data (OCMESH_HOME, ~/.ocmesh)')
    .option(
      '--port <number>',
      `port of the REST API on 127.0.0.1, 0 for any free one (OCMESH_PORT, ${defaultPort})`,
    )
    .option('--name <text>', 'name that other agents see (OCMESH_NAME)')
    .option('--relay <url...>', 'relays to use instead of the built-in list (OCMESH_RELAYS)')
    .option('--log-level <level>', 'debug, info, warn or error (OCMESH_LOG_LEVEL)')
    // Set by `ocmesh service`: the service manager, and after how many seconds a hung daemon is killed.
    .addOption(new Option('--supervisor <name>').hideHelp())
    .addOption(new Option('--watchdog <seconds>').hideHelp())
    .addHelpText('after', example('ocmesh start --name my-agent'))
    .action((flags: StartFlags) => start(flags, context));
}

async function start(flags: StartFlags, { io, printer }: CommandContext): Promise<void> {
  ignoreClosedOutput();
  // Loaded here so that other commands start faster.
  const [{ loadConfig, renameNotice }, { readNumber }, { finishRestore }, { startDaemon }, { superviseBy }] =
    await Promise.all([
      import('../../config/load.ts'),
      import('../../config/schema.ts'),
      import('../../home/finish-restore.ts'),
      import('../../app.ts'),
      import('./supervision.ts'),
    ]);
  const home = homeFiles(homePath(io, flags.home));
  const supervision = superviseBy(flags, io.clock);
  const daemon = await supervision.start(async () => {
    // First, as it may bring the configuration.
    const isFinished = await finishRestore(home);
    const { values, origins, renamed, outbound } = loadConfig(home.config, io.env, {
      port: flags.port === undefined ? undefined : readNumber(flags.port),
      name: flags.name,
      relays: flags.relay,
      log_level: flags.logLevel,
    });
    // A service manager never rotates what it keeps of standard error.
    const started = await startDaemon(home, values, {
      logToStderr: flags.supervisor === undefined,
      outbound,
    });
    for (const [key, origin] of Object.entries(origins)) {
      if (origin !== 'default') started.log.info(`setting ${key} from ${origin}`);
    }
    if (isFinished) started.log.warn('finished a restore or key import that was interrupted');
    for (const field of renamed) started.log.warn(renameNotice(field));
    return started;
  });

  // Handle every signal, also a second one while stopping: the default action would kill the process before it has drained.
  const stop = (): void => {
    supervision.onStopping();
    void daemon.stop().then(() => process.exit(exitCodes.clean));
  };
  io.onInterrupt(stop);
  // A bug of ours: the state may be corrupt, so the process ends. Everything acknowledged is on disk.
  process.on('uncaughtException', (error) => {
    daemon.log.error('crash', { stack: error.stack ?? String(error) });
    process.exit(exitCodes.crash);
  });
  // Only after the handlers are installed: the supervisor may stop us from here on.
  supervision.onStarted(daemon);
  const { url, npub } = daemon;
  printer().item({ url, npub }, () => `ocmesh is running: ${url}  ${npub}`);
}
