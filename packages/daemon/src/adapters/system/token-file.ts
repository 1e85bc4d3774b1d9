import { existsSync } from 'node:fs';
import type { Log, Random } from '@ocmesh/shared/ambient';
import { OcmeshError } from '@ocmesh/shared/contract';
import { errnoOf } from '../../node/errno.ts';
import { readPrivate, writePrivate } from './private-file.ts';

const TOKEN_BYTES = 32;

/**
 * Opens the file with the owner's token: anyone who can read it is the owner. The file is created if it is missing, and
 * read at each call, so that replacing or deleting it changes the token without a restart.
 * @returns a function that returns the token, or null while the file is readable by others or holds no token. It throws the
 * `OcmeshError` `token_unreadable` while the system does not let us read the file
 * @throws the system's error if the file cannot be created now
 */
export function openTokenFile(
  path: string,
  { random, log }: { readonly random: Random; readonly log: Log },
): () => string | null {
  let reported: string | undefined;

  function read(): string {
    if (!existsSync(path)) {
      writePrivate(path, Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url'));
      log.info(`new token in ${path}`);
    }
    const token = readPrivate(path).toString('latin1').trim();
    if (!isToken.test(token))
      throw new Error(`${path} holds no token. Delete it: the next call makes a new one.`);
    return token;
  }

  read();
  return () => {
    try {
      const token = read();
      reported = undefined;
      return token;
    } catch (error) {
      const { message } = error as Error;
      if (message !== reported) log.warn(message);
      reported = message;
      // Not null: a caller with the right token would be told that it is wrong, and then that it tried too often.
      if (![undefined, 'ELOOP'].includes(errnoOf(error)))
        throw new OcmeshError('token_unreadable', { cause: error });
      return null;
    }
  };
}

/** At least 24 bytes of base64url, which nobody can guess, and short enough for a header. */
const isToken = /^[A-Za-z0-9_-]{32,256}$/;
