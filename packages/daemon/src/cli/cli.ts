import { OcmeshError } from '@ocmesh/shared/contract';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { Command } from 'commander';
import { exitCodes, StartError } from '../adapters/system/exit.ts';
import { addBackupCommands } from './backup.ts';
import { addDoctorCommand } from './doctor.ts';
import { addKeyCommand } from './key.ts';
import { addMcpCommand } from './mcp.ts';
import { printLine } from './output.ts';
import { addRelayCommand } from './relay.ts';
import { addServiceCommand } from './service.ts';
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
  addServiceCommand(program);
  addStatusCommand(program);
  addRelayCommand(program);
  addMcpCommand(program);
  addKeyCommand(program);
  addBackupCommands(program);
  addDoctorCommand(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    const { exitCode, text } = explain(error);
    process.exitCode = exitCode;
    process.stderr.write(`ocmesh: ${text}\n`);
  }
}

/** One clear sentence for what a person did or the machine refused; a stack only for our own mistakes. */
function explain(error: unknown): { exitCode: number; text: string } {
  if (error instanceof StartError) return { exitCode: error.exitCode, text: error.message };
  if (error instanceof OcmeshError)
    return { exitCode: exitCodes.permanent, text: `${error.message} ${error.hint}` };
  const { code, syscall, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return { exitCode: exitCodes.tryAgain, text: 'The disk is full.' };
  if (syscall) return { exitCode: exitCodes.permanent, text: message };
  return { exitCode: exitCodes.crash, text: stack ?? message };
}
