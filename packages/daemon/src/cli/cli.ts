import { ocmeshVersion } from '@ocmesh/shared/wire';
import { Command, CommanderError } from 'commander';
import { addBackupCommands } from './commands/backup.ts';
import { addChatCommand } from './commands/chat.ts';
import { addCompletion, peersForCompletion } from './commands/completion.ts';
import { addConnectCommand } from './commands/connect.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addHelpCommand, missingSubcommand } from './commands/help.ts';
import { addIdentityCommand } from './commands/identity.ts';
import { addInboxCommand } from './commands/inbox.ts';
import { addKeyCommand } from './commands/key.ts';
import { addLogsCommand } from './commands/logs.ts';
import { addMcpCommand } from './commands/mcp.ts';
import { addOpenCommand } from './commands/open.ts';
import { addOwnerCommand } from './commands/owner.ts';
import { addPeersCommand } from './commands/peers.ts';
import { addPolicyCommand } from './commands/policy.ts';
import { addProfileCommand } from './commands/profile.ts';
import { addReadCommand } from './commands/read.ts';
import { addRelayCommand } from './commands/relay.ts';
import { addRelaysCommand } from './commands/relays.ts';
import { addRequestsCommand } from './commands/requests.ts';
import { addSendCommand } from './commands/send.ts';
import { addServiceCommand } from './commands/service.ts';
import { addStartCommand } from './commands/start.ts';
import { addStatusCommand } from './commands/status.ts';
import { addTrustCommands } from './commands/trust.ts';
import { addWatchCommand, separateExec } from './commands/watch.ts';
import { type CommandContext, createContext, example } from './terminal/context.ts';
import { type CommandError, toFailure } from './terminal/failure.ts';
import { type Io, processIo } from './terminal/io.ts';
import { toJson } from './terminal/output.ts';

/** Runs the `ocmesh` command. */
export async function runCli(argv: readonly string[], io: Io = processIo()): Promise<void> {
  const { program, context, prepareCompletion, missingCommand } = createProgram(io);
  try {
    // Called by the completion scripts.
    if (argv[2] === 'complete')
      prepareCompletion({ peers: await peersForCompletion(context), words: argv.slice(4) });
    await program.parseAsync(separateExec(argv));
  } catch (error) {
    // Help that the user asked for is not an error.
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const { exitCode, body } = toFailure(missingCommand() ?? error);
    io.setExitCode(exitCode);
    if (program.opts()['json']) io.stderr.write(`${toJson(body)}\n`);
    // If the subcommand is missing, commander has already printed the help.
    else if (!missingCommand())
      io.stderr.write(`ocmesh: ${body.message}${body.hint ? `\n${body.hint}` : ''}\n`);
  }
}

type AddCommand = (program: Command, context: CommandContext) => void;

/** Commands by their heading in the help, in its order. */
const groups: Readonly<Record<string, readonly AddCommand[]>> = {
  'Messages:': [addSendCommand, addInboxCommand, addReadCommand, addChatCommand, addWatchCommand],
  'Peers and trust:': [
    addIdentityCommand,
    addProfileCommand,
    addPeersCommand,
    addRequestsCommand,
    addTrustCommands,
    addPolicyCommand,
    addOwnerCommand,
  ],
  'Relays:': [addRelaysCommand, addRelayCommand],
  'Daemon:': [
    addStartCommand,
    addStatusCommand,
    addOpenCommand,
    addLogsCommand,
    addDoctorCommand,
    addServiceCommand,
    addMcpCommand,
    addConnectCommand,
  ],
  'Data:': [addKeyCommand, addBackupCommands],
  'Help:': [addVersionCommand, addHelpCommand],
};

/** Creates the command line with every command. */
export function createProgram(io: Io) {
  let missingCommand: CommandError | null = null;
  const program = new Command('ocmesh')
    .description('Find other agents through Nostr relays and exchange end-to-end-encrypted messages.')
    .version(ocmeshVersion)
    .option('--json', 'output JSON (one object per line for streams)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void (program.opts()['json'] || io.stderr.write(text)),
      // `runCli` reports every failure.
      outputError: () => {},
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText('beforeAll', ({ error, command }) => {
      if (error) missingCommand = missingSubcommand(command);
      return '';
    });
  const context: CommandContext = createContext(io, program);
  for (const [heading, addCommands] of Object.entries(groups)) {
    program.commandsGroup(heading);
    for (const addCommand of addCommands) addCommand(program, context);
  }
  return {
    program,
    context,
    prepareCompletion: addCompletion(program, context),
    missingCommand: () => missingCommand,
  };
}

function addVersionCommand(program: Command, { printer }: CommandContext): void {
  program
    .command('version')
    .description('Print the version.')
    .addHelpText('after', example('ocmesh version'))
    .action(() => printer().result({ version: ocmeshVersion }, () => ocmeshVersion));
}
