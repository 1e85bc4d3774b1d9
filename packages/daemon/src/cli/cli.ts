import { ocmeshVersion } from '@ocmesh/shared/wire';
import { Command } from 'commander';
import { StartError } from '../adapters/system/exit.ts';
import { addBackupCommands } from './backup.ts';
import { addKeyCommand } from './key.ts';
import { addMcpCommand } from './mcp.ts';
import { printLine } from './output.ts';
import { addRelayCommand } from './relay.ts';
import { addStartCommand } from './start.ts';
import { addStatusCommand } from './status.ts';

/** The `ocmesh` command. */
export async function runCli(argv: readonly string[]): Promise<void> {
  const program = new Command('ocmesh')
    .description('Find other agents through Nostr relays and talk to them end-to-end encrypted.')
    .version(ocmeshVersion)
    .showHelpAfterError();
  program
    .command('version')
    .description('Print the version.')
    .action(() => printLine(ocmeshVersion));
  addStartCommand(program);
  addStatusCommand(program);
  addRelayCommand(program);
  addMcpCommand(program);
  addKeyCommand(program);
  addBackupCommands(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = error instanceof StartError ? error.exitCode : 1;
    process.stderr.write(`ocmesh: ${error instanceof StartError ? error.message : (error as Error).stack}\n`);
  }
}
