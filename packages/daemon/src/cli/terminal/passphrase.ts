import { readFileSync } from 'node:fs';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import { typedPath } from './typed-path.ts';

const LEAST_CHARS = 8;

export interface PassphraseFlags {
  readonly passphraseFile?: string;
}

/**
 * A passphrase from a file or from the terminal; never from the command line, where everybody on the machine reads it.
 * @param isNew asked for twice, and not too short
 */
export async function askPassphrase(flags: PassphraseFlags, isNew: boolean): Promise<string> {
  const passphrase =
    flags.passphraseFile === undefined
      ? await prompt('Passphrase', isNew)
      : readFileSync(typedPath(flags.passphraseFile), 'utf8').replace(/\r?\n$/, '');
  if (isNew) checkLength(passphrase);
  return passphrase;
}

function checkLength(passphrase: string): void {
  if (passphrase.length >= LEAST_CHARS) return;
  throw new ExitError(exitCodes.permanent, `The passphrase needs at least ${LEAST_CHARS} characters.`);
}

const IN_A_FILE = 'Put it into a file and name that with --passphrase-file.';

async function prompt(message: string, isNew: boolean): Promise<string> {
  if (!isNew) return askSecret(message, IN_A_FILE);
  const first = await askSecret(`${message} (at least ${LEAST_CHARS} characters)`, IN_A_FILE);
  checkLength(first);
  if (first !== (await askSecret(`${message}, again`, IN_A_FILE))) {
    throw new ExitError(exitCodes.permanent, 'The two passphrases differ. Try again.');
  }
  return first;
}

/**
 * Something that must not be seen, typed at the terminal.
 * @param instead what to do where there is none
 */
export async function askSecret(message: string, instead: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new ExitError(exitCodes.permanent, `${message}: there is no terminal to ask at. ${instead}`);
  }
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message });
  if (isCancel(answer) || !answer) throw new ExitError(exitCodes.permanent, 'Cancelled.');
  return answer;
}
