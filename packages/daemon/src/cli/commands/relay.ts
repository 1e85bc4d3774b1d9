import type { Command } from 'commander';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import { createSystemRandom } from '../../adapters/system/random.ts';
import { parsePubkey } from '../../core/identity/public-key-text.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import { ignoreClosedOutput } from '../terminal/io.ts';

interface RelayFlags {
  readonly port: string;
  readonly host: string;
  readonly openDms?: boolean;
  readonly allow?: string[];
  readonly serviceUrl?: string;
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
    .option('--service-url <url>', 'address that clients use, if it differs from host and port')
    .addHelpText('after', example('ocmesh relay --port 7447'))
    .action((flags: RelayFlags) => run(flags, context));
}

async function run(flags: RelayFlags, { io, printer }: CommandContext): Promise<void> {
  ignoreClosedOutput();
  const [{ startRelay }, { createStderrLog }] = await Promise.all([
    import('@ocmesh/relay'),
    import('../../adapters/log/logger.ts'),
  ]);
  const port = Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ExitError(exitCodes.permanent, '--port must be from 0 to 65535.');
  }
  const relay = await startRelay({
    port,
    host: flags.host,
    openDms: flags.openDms ?? false,
    clock: io.clock,
    log: createStderrLog(io.clock, 'info'),
    random: createSystemRandom(),
    ...(flags.allow ? { allowedPubkeys: flags.allow.map(parsePubkey) } : {}),
    ...(flags.serviceUrl ? { serviceUrl: flags.serviceUrl } : {}),
  }).catch((error) => {
    throw explainListenError(error, flags) ?? error;
  });
  const stop = (): void => void relay.close().then(() => process.exit(exitCodes.clean));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  printer().item({ url: relay.url }, () => `ocmesh relay is running: ${relay.url}`);
}

function explainListenError(error: NodeJS.ErrnoException, { port, host }: RelayFlags): ExitError | null {
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
