import { join } from 'node:path';
import type { Command } from 'commander';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import { createSystemRandom } from '../../adapters/system/random.ts';
import { parsePubkey } from '../../core/identity/public-key-text.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import { ignoreClosedOutput } from '../terminal/io.ts';
import { takeDataFolder, unusableDataFolder } from './relay-data.ts';

interface RelayFlags {
  readonly port: string;
  readonly host: string;
  readonly openDms?: boolean;
  readonly allow?: string[];
  readonly serviceUrl?: string;
  /** False for `--no-data`. */
  readonly data?: string | false;
}

export function addRelayCommand(program: Command, context: CommandContext): void {
  program
    .command('relay')
    .description('Run the embedded relay: for a machine without internet access, or a private mesh.')
    .option('--port <number>', 'port to listen on, 0 for any free one', '7447')
    .option(
      '--host <address>',
      'interface to listen on; any but loopback opens the relay to the network',
      '127.0.0.1',
    )
    .option('--open-dms', 'let anyone fetch encrypted messages, for clients without NIP-42')
    .option('--allow <key...>', 'serve only these public keys, for a private mesh')
    .option(
      '--data <folder>',
      'keep events in this folder over restarts; with --allow, the default is the folder relay in OCMESH_HOME',
    )
    .option('--no-data', 'keep events in memory only')
    .option('--service-url <url>', 'address that clients use, if it differs from host and port')
    .addHelpText('after', example('ocmesh relay --port 7447'))
    .action((flags: RelayFlags) => run(flags, context));
}

async function run(flags: RelayFlags, context: CommandContext): Promise<void> {
  const { io, printer } = context;
  ignoreClosedOutput();
  const [{ startRelay }, { createStderrLog }] = await Promise.all([
    import('@ocmesh/relay'),
    import('../../adapters/log/logger.ts'),
  ]);
  const port = Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ExitError(exitCodes.permanent, '--port must be from 0 to 65535.');
  }
  const log = createStderrLog(io.clock, 'info');
  const folder = dataFolder(flags, context);
  const data = folder === null ? null : await takeDataFolder(folder, { clock: io.clock, log });
  const relay = await startRelay({
    port,
    host: flags.host,
    openDms: flags.openDms ?? false,
    clock: io.clock,
    log,
    random: createSystemRandom(),
    ...(flags.allow ? { allowedPubkeys: flags.allow.map(parsePubkey) } : {}),
    ...(data ? { data } : {}),
    ...(flags.serviceUrl ? { serviceUrl: flags.serviceUrl } : {}),
  }).catch((error) => {
    data?.release();
    throw explainListenError(error, flags) ?? explainDataError(error, data?.path) ?? error;
  });
  async function stop(): Promise<void> {
    await relay.close();
    data?.release();
    process.exit(exitCodes.clean);
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
  const kept = data ? ` (keeps its events in ${data.path})` : '';
  printer().item(
    { url: relay.url, data: data?.path ?? null },
    () => `ocmesh relay is running: ${relay.url}${kept}`,
  );
}

/** Returns the folder that keeps events; null if they stay in memory. A private mesh has no other relay that keeps them. */
function dataFolder({ data, allow }: RelayFlags, context: CommandContext): string | null {
  if (data === '') throw new ExitError(exitCodes.permanent, '--data takes a folder.');
  if (data !== undefined) return data === false ? null : data;
  return allow ? join(context.home.path, 'relay') : null;
}

/** Explains a system error from reading the data folder. */
const explainDataError = (error: NodeJS.ErrnoException, folder: string | undefined): ExitError | null =>
  folder !== undefined && error.code !== undefined ? unusableDataFolder(folder, error) : null;

function explainListenError(error: NodeJS.ErrnoException, { port, host }: RelayFlags): ExitError | null {
  // Anything else comes from the data folder.
  if (!['listen', 'bind', 'getaddrinfo'].includes(error.syscall ?? '')) return null;
  switch (error.code) {
    case 'EADDRINUSE':
      return new ExitError(
        exitCodes.tryAgain,
        `Port ${port} of ${host} is already in use. Choose another with --port.`,
        error,
      );
    case 'EACCES':
      return new ExitError(
        exitCodes.permanent,
        `Port ${port} needs root. Choose a port ≥ 1024 with --port.`,
        error,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ExitError(
        exitCodes.permanent,
        `${host} is not an address of this machine. Choose another with --host.`,
        error,
      );
    default:
      return null;
  }
}
