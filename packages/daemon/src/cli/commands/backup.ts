import type { Command } from 'commander';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import { checkIsNew } from '../../home/new-file.ts';
import { checkMayCreate } from '../../home/preconditions.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import { resolvePathArgument } from '../terminal/path-argument.ts';
import { withProgress } from '../terminal/progress.ts';
import {
  askPassphrase,
  cancelled,
  confirm,
  type PassphraseFlags,
  passphraseFileOption,
} from '../terminal/prompts.ts';

export function addBackupCommands(program: Command, context: CommandContext): void {
  const { io, printer } = context;
  program
    .command('backup')
    .description('Write identity, peers and messages to one encrypted file. The daemon may be running.')
    .argument('<file>', 'file to create')
    .option(...passphraseFileOption)
    .addHelpText('after', example('ocmesh backup ocmesh.backup'))
    .action(async (argument: string, flags: PassphraseFlags) => {
      const { home } = context;
      const file = resolvePathArgument(io, argument);
      // Before the user thinks up a passphrase and types it twice.
      checkIsNew(file);
      const passphrase = await askPassphrase(io, flags, true);
      const { backUp } = await import('../../home/backup.ts');
      const bytes = await withProgress(io, 'Writing the backup', backUp(home, file, passphrase));
      printer().result(
        { file, bytes },
        () => `Backup written to ${file}, ${Math.ceil(bytes / 1024)} KB. It does not include config.json.`,
      );
    });
  program
    .command('restore')
    .description('Restore a backup. Fails if there is already an identity (see --replace).')
    .argument('<file>', 'file written by `ocmesh backup`')
    .option('--replace', 'move the existing home aside')
    .option(...passphraseFileOption)
    .addHelpText('after', example('ocmesh restore ocmesh.backup'))
    .action(async (argument: string, { replace = false, ...flags }: RestoreFlags) => {
      const { home } = context;
      checkMayCreate(home, replace);
      const passphrase = await askPassphrase(io, flags, false);
      const { restore } = await import('../../home/backup.ts');
      const file = resolvePathArgument(io, argument);
      const moved = await withProgress(io, 'Restoring', restore(home, file, passphrase, replace));
      printer().result({ home: home.path, moved_to: moved }, () =>
        moved === null
          ? `Restored to ${home.path}.`
          : `Restored to ${home.path}. The previous home is now in ${moved}.`,
      );
    });
  program
    .command('reset')
    .description('Move the home aside; the next start creates a new identity.')
    .option('--yes', 'do not ask')
    .addHelpText('after', example('ocmesh reset'))
    .action(async ({ yes = false }: { yes?: boolean }) => {
      const { home } = context;
      if (!yes && !io.stdin.isTTY)
        throw new ExitError(exitCodes.permanent, 'Not a terminal; pass --yes to reset.');
      if (!yes && !(await confirm(io, `Move ${home.path} aside and start with a new identity?`)))
        throw cancelled();
      const { reset } = await import('../../home/reset.ts');
      const moved = await reset(home);
      printer().result({ home: home.path, moved_to: moved }, () => `Moved ${home.path} to ${moved}.`);
    });
}

interface RestoreFlags extends PassphraseFlags {
  readonly replace?: boolean;
}
