import { ocmeshVersion } from '@ocmesh/shared/wire';
import { Command, CommanderError } from 'commander';
import { addBackupCommands } from './commands/backup.ts';
import { addChatCommand } from './commands/chat.ts';
import { addCompletion, peersAtHand } from './commands/completion.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addHelpCommand, lacksCommand } from './commands/help.ts';
import { addIdentityCommand } from './commands/identity.ts';
import { addInboxCommand } from './commands/inbox.ts';
import { addKeyCommand } from './commands/key.ts';
import { addLogsCommand } from './commands/logs.ts';
import { addMcpCommand } from './commands/mcp.ts';
import { addPeersCommand } from './commands/peers.ts';
import { addPolicyCommand } from './commands/policy.ts';
import { addReadCommand } from './commands/read.ts';
import { addRelayCommand } from './commands/relay.ts';
import { addRelaysCommand } from './commands/relays.ts';
import { addRequestsCommand } from './commands/requests.ts';
import { addSendCommand } from './commands/send.ts';
import { addServiceCommand } from './commands/service.ts';
import { addStartCommand } from './commands/start.ts';
import { addStatusCommand } from './commands/status.ts';
import { addTrustCommands } from './commands/trust.ts';
import { type CommandContext, createContext, example } from './terminal/context.ts';
import { type CommandError, toFailure } from './terminal/failure.ts';
import { type Io, processIo } from './terminal/io.ts';
import { toJson } from './terminal/output.ts';

/** The `ocmesh` command. */
export async function runCli(argv: readonly string[], io: Io = processIo()): Promise<void> {
  const { program, context, prepareCompletion, lacking } = createProgram(io);
  try {
    // The shell asks for words.
    if (argv[2] === 'complete')
      prepareCompletion({ peers: await peersAtHand(context), words: argv.slice(4) });
    await program.parseAsync(argv);
  } catch (error) {
    // Help that was asked for is no mistake.
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const { exitCode, body } = toFailure(lacking() ?? error);
    io.setExitCode(exitCode);
    if (program.opts()['json']) io.stderr.write(`${toJson(body)}\n`);
    // Of a command that lacks one of its own, the help stands there already.
    else if (!lacking()) io.stderr.write(`ocmesh: ${body.message}${body.hint ? `\n${body.hint}` : ''}\n`);
  }
}

/** Every command, ready to be run. */
export function createProgram(io: Io) {
  let lacking: CommandError | null = null;
  const program = new Command('ocmesh')
    .description('Find other agents through Nostr relays and talk to them end-to-end encrypted.')
    .version(ocmeshVersion)
    .option('--json', 'print JSON: one value, or one line for each of many that come one by one')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void (program.opts()['json'] || io.stderr.write(text)),
      // Told where every failure is told.
      outputError: () => {},
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText('beforeAll', ({ error, command }) => {
      if (error) lacking = lacksCommand(command);
      return '';
    });
  const context: CommandContext = createContext(io, program);
  // Those for daily use first: so they stand in the help.
  addStartCommand(program, context);
  addStatusCommand(program, context);
  addIdentityCommand(program, context);
  addPeersCommand(program, context);
  addSendCommand(program, context);
  addInboxCommand(program, context);
  addReadCommand(program, context);
  addChatCommand(program, context);
  addRequestsCommand(program, context);
  addTrustCommands(program, context);
  addPolicyCommand(program, context);
  addRelaysCommand(program, context);
  addLogsCommand(program, context);
  addDoctorCommand(program, context);
  addServiceCommand(program, context);
  addKeyCommand(program, context);
  addBackupCommands(program, context);
  addMcpCommand(program, context);
  addRelayCommand(program, context);
  program
    .command('version')
    .description('Print the version.')
    .addHelpText('after', example('ocmesh version'))
    .action(() => context.printer().result({ version: ocmeshVersion }, () => ocmeshVersion));
  addHelpCommand(program);
  return { program, context, prepareCompletion: addCompletion(program, context), lacking: () => lacking };
}
