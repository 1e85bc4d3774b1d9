import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { exitCodes, StartError } from '../adapters/system/exit.ts';
import { homeFiles } from '../adapters/system/home.ts';
import {
  needsPassphrase,
  parseSecretKey,
  SecretKeyTextError,
  toNcryptsec,
  toNsec,
} from '../core/identity/secret-key-text.ts';
import { importSecretKey, readSecretKey, writePrivate } from '../offline.ts';
import { printLine } from './output.ts';
import { askPassphrase, askSecret, type PassphraseFlags } from './passphrase.ts';
import { homePath } from './start.ts';

const PASSPHRASE_FILE = [
  '--passphrase-file <file>',
  'read the passphrase from a file instead of the terminal',
] as const;

/** The secret key goes to a file or a terminal and nowhere else: not through a pipe, an argument, the API or the log. */
export function addKeyCommand(program: Command): void {
  const key = program.command('key').description('Take the secret key out, or bring one in.');
  key
    .command('export')
    .description('Write the secret key under a passphrase (ncryptsec, NIP-49).')
    .argument('[file]', 'a new file; without it the key is shown on the terminal')
    .option('--plain', 'without a passphrase (nsec): who sees it is you')
    .option(...PASSPHRASE_FILE)
    .action(exportKey);
  key
    .command('import')
    .description('Start a home with the identity of a secret key (ncryptsec or nsec).')
    .argument('[file]', 'a file that holds it; without it the terminal asks')
    .option(...PASSPHRASE_FILE)
    .action(importKey);
}

async function exportKey(
  file: string | undefined,
  flags: PassphraseFlags & { plain?: boolean },
): Promise<void> {
  if (file === undefined && !process.stdout.isTTY) {
    throw new StartError(
      exitCodes.permanent,
      'The secret key is shown on a terminal only. Name a file to write it to.',
    );
  }
  const secretKey = await readSecretKey(homeFiles(homePath()));
  const text = flags.plain ? toNsec(secretKey) : toNcryptsec(secretKey, await askPassphrase(flags, true));
  if (file === undefined) return printLine(text);
  writePrivate(file, `${text}\n`);
  printLine(`The secret key is in ${file}.`);
}

async function importKey(file: string | undefined, flags: PassphraseFlags): Promise<void> {
  const text =
    file === undefined ? await askSecret('Secret key (nsec or ncryptsec)') : readFileSync(file, 'utf8');
  const passphrase = needsPassphrase(text) ? await askPassphrase(flags, false) : '';
  try {
    await importSecretKey(homeFiles(homePath()), parseSecretKey(text, passphrase));
  } catch (error) {
    if (error instanceof SecretKeyTextError) throw new StartError(exitCodes.permanent, error.message, error);
    throw error;
  }
  printLine('The identity is imported. Start it with `ocmesh start`.');
}
