import type { Command } from 'commander';
import { exitCodes, StartError } from '../adapters/system/exit.ts';
import { homeFiles } from '../adapters/system/home.ts';
import { backUp, reset, restore } from '../offline.ts';
import { printLine } from './output.ts';
import { askPassphrase, type PassphraseFlags } from './passphrase.ts';
import { homePath } from './start.ts';

export function addBackupCommands(program: Command): void {
  program
    .command('backup')
    .description('Write identity, peers and messages into one file, under a passphrase. The daemon may run.')
    .argument('<file>', 'a new file')
    .option('--passphrase-file <file>', 'read the passphrase from a file instead of the terminal')
    .action(async (file: string, flags: PassphraseFlags) => {
      const bytes = await backUp(homeFiles(homePath()), file, await askPassphrase(flags, true));
      printLine(`${file} holds the backup, ${Math.ceil(bytes / 1024)} KB. config.json is not in it.`);
    });
  program
    .command('restore')
    .description('Make a home from a backup. Never over a living one.')
    .argument('<file>', 'what `ocmesh backup` wrote')
    .option('--replace', 'move a home that is there aside')
    .option('--passphrase-file <file>', 'read the passphrase from a file instead of the terminal')
    .action(async (file: string, flags: PassphraseFlags & { replace?: boolean }) => {
      const home = homeFiles(homePath());
      const moved = await restore(home, file, await askPassphrase(flags, false), flags.replace ?? false);
      printLine(`${home.path} is restored.${moved ? ` What was there is in ${moved}.` : ''}`);
    });
  program
    .command('reset')
    .description('Move the home aside: the next start makes a new identity.')
    .option('--yes', 'do not ask')
    .action(async (flags: { yes?: boolean }) => {
      const home = homeFiles(homePath());
      if (!flags.yes) await confirmReset(home.path);
      printLine(`${home.path} is moved to ${reset(home)}.`);
    });
}

async function confirmReset(path: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new StartError(exitCodes.permanent, 'There is no terminal to ask at. Use --yes.');
  const { confirm } = await import('@clack/prompts');
  const message = `Move ${path} aside and start with a new identity?`;
  if ((await confirm({ message, initialValue: false })) !== true)
    throw new StartError(exitCodes.permanent, 'Cancelled.');
}
