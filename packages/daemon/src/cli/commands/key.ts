import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import {
  needsPassphrase,
  parseSecretKey,
  SecretKeyTextError,
  toNcryptsec,
  toNsec,
} from '../../core/identity/secret-key-text.ts';
import { checkIsNew, writeNewFile } from '../../home/new-file.ts';
import { checkMayCreate } from '../../home/preconditions.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import { resolvePathArgument } from '../terminal/path-argument.ts';
import { askPassphrase, askSecret, type PassphraseFlags, passphraseFileOption } from '../terminal/prompts.ts';

/** Adds `key`. The secret key goes only to a file or a terminal: never to a pipe, an argument, the API or the log. */
export function addKeyCommand(program: Command, context: CommandContext): void {
  const key = program
    .command('key')
    .description('Export or import the secret key.')
    .addHelpText('after', example('ocmesh key export my.key'));
  key
    .command('export')
    .description('Write the secret key, encrypted with a passphrase (ncryptsec, NIP-49).')
    .argument('[file]', 'file to create; without it, the terminal shows the key')
    .option('--plain', 'without encryption (nsec): anyone who sees it can act as you')
    .option(...passphraseFileOption)
    .addHelpText('after', example('ocmesh key export my.key'))
    .action((file: string | undefined, flags: ExportFlags) => exportKey(file, flags, context));
  key
    .command('import')
    .description('Create a home with the identity of a secret key (ncryptsec or nsec).')
    .argument('[file]', 'file with the key; without it, the terminal asks')
    .option('--replace', 'move the existing home aside')
    .option(...passphraseFileOption)
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
  argument: string | undefined,
  flags: ExportFlags,
  { io, home, printer }: CommandContext,
): Promise<void> {
  const file = argument === undefined ? undefined : resolvePathArgument(io, argument);
  if (file === undefined && !io.stdout.isTTY) {
    throw new ExitError(
      exitCodes.permanent,
      'The secret key is shown only on a terminal. Name a file for it.',
    );
  }
  if (file !== undefined) checkIsNew(file);
  const { readSecretKey } = await import('../../home/key.ts');
  const secretKey = await readSecretKey(home);
  const text = flags.plain ? toNsec(secretKey) : toNcryptsec(secretKey, await askPassphrase(io, flags, true));
  if (file === undefined) return printer().result({ key: text }, () => text);
  writeNewFile(file, `${text}\n`);
  printer().result({ file }, () => `Secret key written to ${file}.`);
}

async function importKey(
  file: string | undefined,
  flags: ImportFlags,
  { io, home, printer }: CommandContext,
): Promise<void> {
  const { replace = false } = flags;
  checkMayCreate(home, replace);
  const text =
    file === undefined
      ? await askSecret(io, 'Secret key (nsec or ncryptsec)', 'Name a file that contains it.')
      : readFileSync(resolvePathArgument(io, file), 'utf8');
  const passphrase = needsPassphrase(text) ? await askPassphrase(io, flags, false) : '';
  const { importSecretKey } = await import('../../home/key.ts');
  let moved: string | null;
  try {
    moved = await importSecretKey(home, parseSecretKey(text, passphrase), replace);
  } catch (error) {
    if (error instanceof SecretKeyTextError) throw new ExitError(exitCodes.permanent, error.message, error);
    throw error;
  }
  printer().result({ home: home.path, moved_to: moved }, () =>
    [
      'Identity imported.',
      ...(moved === null ? [] : [`The previous home is now in ${moved}.`]),
      'Start it with `ocmesh start`.',
    ].join(' '),
  );
}
