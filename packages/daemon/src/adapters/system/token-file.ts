import { existsSync } from 'node:fs';
import type { Log, Random } from '@ocmesh/shared/ambient';
import { readPrivate, writePrivate } from './private-file.ts';

const TOKEN_BYTES = 32;

/**
 * The owner's token: who can read the file is the owner. It is made where it is missing and read anew at each call, so
 * that writing another one, or deleting it, changes it without a restart.
 * @returns the token; null while the file cannot be trusted or holds none, so that nobody passes
 * @throws the system's error when it cannot be made at first
 */
export function openTokenFile(
  path: string,
  { random, log }: { readonly random: Random; readonly log: Log },
): () => string | null {
  let told: string | undefined;

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
      told = undefined;
      return token;
    } catch (error) {
      const { message } = error as Error;
      if (message !== told) log.warn(message);
      told = message;
      return null;
    }
  };
}

/** 24 bytes of base64url are the least that nobody can guess; longer than a header may be makes no sense. */
const isToken = /^[A-Za-z0-9_-]{32,256}$/;
