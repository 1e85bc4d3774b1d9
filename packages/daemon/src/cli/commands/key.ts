import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import { homeFiles } from '../../adapters/system/home.ts';
import {
  needsPassphrase,
  parseSecretKey,
  SecretKeyTextError,
  toNcryptsec,
  toNsec,
} from '../../core/identity/secret-key-text.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import { askPassphrase, askSecret, type PassphraseFlags } from '../terminal/passphrase.ts';
import { typedPath } from '../terminal/typed-path.ts';
import { homePath } from './start.ts';

const PASSPHRASE_FILE = [
  '--passphrase-file <file>',
  'read the passphrase from a file instead of the terminal',
] as const;

/** The secret key goes to a file or a terminal and nowhere else: not through a pipe, an argument, the API or the log. */
export function addKeyCommand(program: Command, context: CommandContext): void {
  const key = program
    .command('key')
    .description('Take the secret key out, or bring one in.')
    .addHelpText('after', example('ocmesh key export my.key'));
  key
    .command('export')
    .description('Write the secret key under a passphrase (ncryptsec, NIP-49).')
    .argument('[file]', 'a new file; without it the key is shown on the terminal')
    .option('--plain', 'without a passphrase (nsec): who sees it is you')
    .option(...PASSPHRASE_FILE)
    .addHelpText('after', example('ocmesh key export my.key'))
    .action((file: string | undefined, flags: ExportFlags) => exportKey(file, flags, context));
  key
    .command('import')
    .description('Start a home with the identity of a secret key (ncryptsec or nsec).')
    .argument('[file]', 'a file that holds it; without it the terminal asks')
    .option('--replace', 'move a home that is there aside')
    .option(...PASSPHRASE_FILE)
    .addHelpText('after', example('ocmesh key import my.key'))
    .action((file: string | undefined, flags: ImportFlags) => importKey(file, flags, context));
}

interface ExportFlags extends PassphraseFlags {
  readonly plain?: boolean;
}

interface ImportFlags extends PassphraseFlags {
  readonly replace?: boolean;
}

async function exportKey(
  typed: string | undefined,
  flags: ExportFlags,
  { printer }: CommandContext,
): Promise<void> {
  const { checkIsNew, readSecretKey, writeNewPrivate } = await import('../../offline.ts');
  const file = typed === undefined ? undefined : typedPath(typed);
  if (file === undefined && !process.stdout.isTTY) {
    throw new ExitError(
      exitCodes.permanent,
      'The secret key is shown on a terminal only. Name a file to write it to.',
    );
  }
  if (file !== undefined) checkIsNew(file);
  const secretKey = await readSecretKey(homeFiles(homePath()));
  const text = flags.plain ? toNsec(secretKey) : toNcryptsec(secretKey, await askPassphrase(flags, true));
  if (file === undefined) return printer().answer({ key: text }, () => text);
  writeNewPrivate(file, `${text}\n`);
  printer().answer({ file }, () => `The secret key is in ${file}.`);
}

async function importKey(
  file: string | undefined,
  flags: ImportFlags,
  { printer }: CommandContext,
): Promise<void> {
  const { checkRoom, importSecretKey } = await import('../../offline.ts');
  const home = homeFiles(homePath());
  checkRoom(home, flags.replace ?? false);
  const text =
    file === undefined
      ? await askSecret('Secret key (nsec or ncryptsec)', 'Name a file that holds it.')
      : readFileSync(typedPath(file), 'utf8');
  const passphrase = needsPassphrase(text) ? await askPassphrase(flags, false) : '';
  let moved: string | null;
  try {
    moved = await importSecretKey(home, parseSecretKey(text, passphrase), flags.replace ?? false);
  } catch (error) {
    if (error instanceof SecretKeyTextError) throw new ExitError(exitCodes.permanent, error.message, error);
    throw error;
  }
  printer().answer(
    { home: home.path, moved_to: moved },
    () =>
      `The identity is imported.${moved ? ` What was there is in ${moved}.` : ''} Start it with \`ocmesh start\`.`,
  );
}
