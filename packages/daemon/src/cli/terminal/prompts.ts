import { readFileSync } from 'node:fs';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import type { Io } from './io.ts';
import { resolvePathArgument } from './path-argument.ts';

const MIN_CHARS = 8;
const USE_A_FILE = 'Put it in a file and pass that with --passphrase-file.';

export interface PassphraseFlags {
  readonly passphraseFile?: string;
}

/** Arguments of commander's `option`. */
export const passphraseFileOption = [
  '--passphrase-file <file>',
  'read the passphrase from a file instead of the terminal',
] as const;

/**
 * Reads a passphrase from a file or the terminal; never from the command line, which every user of the machine can read.
 * @param isNew ask twice, and require a minimum length
 */
export async function askPassphrase(io: Io, flags: PassphraseFlags, isNew: boolean): Promise<string> {
  const passphrase =
    flags.passphraseFile === undefined
      ? await typePassphrase(io, isNew)
      : readFileSync(resolvePathArgument(io, flags.passphraseFile), 'utf8').replace(/\r?\n$/, '');
  if (isNew) checkLength(passphrase);
  return passphrase;
}

function checkLength(passphrase: string): void {
  if (passphrase.length >= MIN_CHARS) return;
  throw new ExitError(exitCodes.permanent, `The passphrase needs at least ${MIN_CHARS} characters.`);
}

async function typePassphrase(io: Io, isNew: boolean): Promise<string> {
  if (!isNew) return askSecret(io, 'Passphrase', USE_A_FILE);
  const first = await askSecret(io, `Passphrase (at least ${MIN_CHARS} characters)`, USE_A_FILE);
  checkLength(first);
  if (first !== (await askSecret(io, 'Passphrase, again', USE_A_FILE))) {
    throw new ExitError(exitCodes.permanent, 'The passphrases differ. Try again.');
  }
  return first;
}

/**
 * Asks at the terminal without showing what is typed.
 * @param alternative next step if there is no terminal
 */
export async function askSecret(io: Io, message: string, alternative: string): Promise<string> {
  if (!io.stdin.isTTY) throw new ExitError(exitCodes.permanent, `${message}: not a terminal. ${alternative}`);
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message, input: io.stdin, output: io.stdout });
  if (isCancel(answer) || !answer) throw cancelled();
  return answer;
}

/** Asks a yes/no question at the terminal; Enter alone, Ctrl-C and Ctrl-D mean no. */
export async function confirm(io: Io, message: string): Promise<boolean> {
  const prompts = await import('@clack/prompts');
  const options = { message, initialValue: false, input: io.stdin, output: io.stdout };
  return (await prompts.confirm(options)) === true;
}

export const cancelled = (): ExitError => new ExitError(exitCodes.permanent, 'Cancelled.');
