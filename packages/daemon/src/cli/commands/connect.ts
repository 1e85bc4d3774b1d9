import { type Command, Option } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import type { ConnectFlags } from './connect-client.ts';

export function addConnectCommand(program: Command, context: CommandContext): void {
  program
    .command('connect')
    .description('Give ocmesh to an MCP client: its server, and what wakes the agent when a message arrives.')
    .argument('[client]', 'openclaw, claude, codex, …; without it, lists the clients')
    .addOption(new Option('--print', 'only show what would be written').conflicts('undo'))
    .option('--undo', 'take back what was written')
    .addOption(
      new Option(
        '--test',
        'send a message to yourself, and say how long it took to wake the agent',
      ).conflicts(['print', 'undo']),
    )
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', example('ocmesh connect claude'))
    .action(async (client: string | undefined, flags: ConnectFlags) => {
      // No other command needs its parsers.
      const { connectClient } = await import('./connect-client.ts');
      await connectClient(context, client, flags);
    });
}
