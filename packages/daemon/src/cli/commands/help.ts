import { cleanLine, nearestWord } from '@ocmesh/shared/text';
import type { Command } from 'commander';
import { example } from '../terminal/context.ts';
import { CommandError, usageHint } from '../terminal/failure.ts';

const NAME_CHARS = 64;

/** Adds `help`, which also finds subcommands. */
export function addHelpCommand(program: Command): void {
  program
    .helpCommand(false)
    .command('help')
    .description('Show the help of a command.')
    .argument('[command...]', 'command and subcommand')
    .addHelpText('after', example('ocmesh help key export'))
    .action((names: string[]) => {
      let command = program;
      for (const name of names) command = childOf(command, name);
      command.outputHelp();
    });
}

function childOf(parent: Command, name: string): Command {
  const child = parent.commands.find((command) => command.name() === name);
  if (child) return child;
  const path = pathOf(parent);
  const near = nearestWord(name, commandNames(parent));
  const wanted = [...path, cleanLine(name, NAME_CHARS)].join(' ');
  throw new CommandError(
    'invalid_request',
    `There is no command ${wanted}.${near === null ? '' : ` Did you mean ${[...path, near].join(' ')}?`}`,
    `\`${['ocmesh help', ...path].join(' ')}\` lists the commands.`,
  );
}

/** Returns the error for a command that needs a subcommand. */
export const missingSubcommand = (command: Command): CommandError =>
  new CommandError(
    'invalid_request',
    `\`${['ocmesh', ...pathOf(command)].join(' ')}\` needs a subcommand: ${commandNames(command).join(', ')}.`,
    usageHint,
  );

const commandNames = (parent: Command): string[] =>
  parent
    .createHelp()
    .visibleCommands(parent)
    .map((command) => command.name());

const pathOf = (command: Command): string[] =>
  command.parent ? [...pathOf(command.parent), command.name()] : [];
