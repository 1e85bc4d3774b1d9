import type { Command } from 'commander';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import { homeFiles } from '../../adapters/system/home.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import { askPassphrase, type PassphraseFlags } from '../terminal/passphrase.ts';
import { withProgress } from '../terminal/progress.ts';
import { typedPath } from '../terminal/typed-path.ts';
import { homePath } from './start.ts';

export function addBackupCommands(program: Command, { io, printer }: CommandContext): void {
  program
    .command('backup')
    .description('Write identity, peers and messages into one file, under a passphrase. The daemon may run.')
    .argument('<file>', 'a new file')
    .option('--passphrase-file <file>', 'read the passphrase from a file instead of the terminal')
    .addHelpText('after', example('ocmesh backup ocmesh.backup'))
    .action(async (typed: string, flags: PassphraseFlags) => {
      const file = typedPath(typed);
      const { backUp, checkIsNew } = await import('../../offline.ts');
      // Told before a passphrase is thought up and typed twice.
      checkIsNew(file);
      const passphrase = await askPassphrase(flags, true);
      const bytes = await withProgress(
        io,
        'Writing the backup',
        backUp(homeFiles(homePath()), file, passphrase),
      );
      printer().answer(
        { file, bytes },
        () => `${file} holds the backup, ${Math.ceil(bytes / 1024)} KB. config.json is not in it.`,
      );
    });
  program
    .command('restore')
    .description('Make a home from a backup. Never over a living one.')
    .argument('<file>', 'what `ocmesh backup` wrote')
    .option('--replace', 'move a home that is there aside')
    .option('--passphrase-file <file>', 'read the passphrase from a file instead of the terminal')
    .addHelpText('after', example('ocmesh restore ocmesh.backup'))
    .action(async (file: string, flags: PassphraseFlags & { replace?: boolean }) => {
      const { checkRoom, restore } = await import('../../offline.ts');
      const home = homeFiles(homePath());
      checkRoom(home, flags.replace ?? false);
      const passphrase = await askPassphrase(flags, false);
      const moved = await withProgress(
        io,
        'Restoring',
        restore(home, typedPath(file), passphrase, flags.replace ?? false),
      );
      printer().answer(
        { home: home.path, moved_to: moved },
        () => `${home.path} is restored.${moved ? ` What was there is in ${moved}.` : ''}`,
      );
    });
  program
    .command('reset')
    .description('Move the home aside: the next start makes a new identity.')
    .option('--yes', 'do not ask')
    .addHelpText('after', example('ocmesh reset'))
    .action(async (flags: { yes?: boolean }) => {
      const home = homeFiles(homePath());
      if (!flags.yes) await confirmReset(home.path);
      const { reset } = await import('../../offline.ts');
      const moved = reset(home);
      printer().answer({ home: home.path, moved_to: moved }, () => `${home.path} is moved to ${moved}.`);
    });
}

async function confirmReset(path: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new ExitError(exitCodes.permanent, 'There is no terminal to ask at. Use --yes.');
  const { confirm } = await import('@clack/prompts');
  const message = `Move ${path} aside and start with a new identity?`;
  if ((await confirm({ message, initialValue: false })) !== true)
    throw new ExitError(exitCodes.permanent, 'Cancelled.');
}
