import { cleanLine, nearestWord } from '@ocmesh/shared/text';
import type { Command } from 'commander';
import { example } from '../terminal/context.ts';
import { CommandError, usageHint } from '../terminal/failure.ts';

const NAME_CHARS = 64;

/** `ocmesh help`, which also knows the commands of commands. */
export function addHelpCommand(program: Command): void {
  program
    .helpCommand(false)
    .command('help')
    .description('Show what a command does and takes.')
    .argument('[command...]', 'its name, and that of one of its own commands')
    .addHelpText('after', example('ocmesh help key export'))
    .action((names: string[]) => {
      let found = program;
      for (const name of names) found = childOf(found, name);
      found.outputHelp();
    });
}

function childOf(parent: Command, name: string): Command {
  const child = parent.commands.find((command) => command.name() === name);
  if (child) return child;
  const path = pathOf(parent);
  const near = nearestWord(name, commandNames(parent));
  const said = [...path, cleanLine(name, NAME_CHARS)].join(' ');
  throw new CommandError(
    'invalid_request',
    `There is no command ${said}.${near === null ? '' : ` Did you mean ${[...path, near].join(' ')}?`}`,
    `\`${['ocmesh help', ...path].join(' ')}\` lists what there is.`,
  );
}

/** What is said where a command was named that does nothing by itself. */
export const lacksCommand = (command: Command): CommandError =>
  new CommandError(
    'invalid_request',
    `\`${['ocmesh', ...pathOf(command)].join(' ')}\` takes one of its commands: ${commandNames(command).join(', ')}.`,
    usageHint,
  );

const commandNames = (parent: Command): string[] =>
  parent
    .createHelp()
    .visibleCommands(parent)
    .map((command) => command.name());

const pathOf = (command: Command): string[] =>
  command.parent ? [...pathOf(command.parent), command.name()] : [];
