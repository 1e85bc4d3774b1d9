import { readFileSync } from 'node:fs';
import { exitCodes, StartError } from '../adapters/system/exit.ts';

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
      : readFileSync(flags.passphraseFile, 'utf8').replace(/\r?\n$/, '');
  if (isNew && passphrase.length < LEAST_CHARS) {
    throw new StartError(exitCodes.permanent, `The passphrase needs at least ${LEAST_CHARS} characters.`);
  }
  return passphrase;
}

async function prompt(message: string, isNew: boolean): Promise<string> {
  const first = await askSecret(message);
  if (isNew && first !== (await askSecret(`${message}, again`))) {
    throw new StartError(exitCodes.permanent, 'The two passphrases differ. Try again.');
  }
  return first;
}

/** Something that must not be seen, typed at the terminal. */
export async function askSecret(message: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new StartError(
      exitCodes.permanent,
      `${message}: there is no terminal to ask at. Give a file instead.`,
    );
  }
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message });
  if (isCancel(answer) || !answer) throw new StartError(exitCodes.permanent, 'Cancelled.');
  return answer;
}
