import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { ExitError, exitCodes, toExitError } from './exit.ts';
import type { Home } from './home.ts';
import { readPrivate, writePrivate } from './private-file.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const CONTEXT = Buffer.from('ocmesh keystore 1');

/**
 * Returns the data key of the store, and creates it if there is no store yet. It is random and never changes;
 * `keystore.json` holds it encrypted with the key file, so that a copy of database and keystore alone reveals nothing.
 * @throws ExitError if a file is missing, readable by others, or does not match the other
 */
export function openKeystore(home: Home): Uint8Array {
  const hasKeyFile = existsSync(home.keyFile);
  const hasKeystore = existsSync(home.keystore);
  // The key file may exist: a first start may have been interrupted between the two files.
  if (!hasKeystore && !hasStore(home))
    return createKeystore(home, hasKeyFile ? readWrappingKey(home) : newWrappingKey(home));
  return readKeystore(home);
}

/**
 * Returns the data key of the store. Unlike `openKeystore`, it creates nothing.
 * @throws ExitError if a file is missing, readable by others, or does not match the other
 */
export function readKeystore(home: Home): Uint8Array {
  const hasKeyFile = existsSync(home.keyFile);
  if (!hasKeyFile || !existsSync(home.keystore)) {
    const missing = hasKeyFile ? home.keystore : home.keyFile;
    throw refuse(
      `${missing} is missing, and without it ${home.database} cannot be opened. Restore it from a backup`,
    );
  }
  try {
    return unwrap(JSON.parse(readPrivate(home.keystore).toString('utf8')), readWrappingKey(home));
  } catch (error) {
    // A file that cannot be read now says nothing about what is in it.
    const known = error instanceof ExitError ? error : toExitError(error);
    if (known) throw known;
    throw refuse(`${home.keystore} does not match ${home.keyFile}. Restore both from the same backup`, error);
  }
}

const hasStore = (home: Home): boolean =>
  readdirSync(home.path).some((name) => name.startsWith(basename(home.database)));

function newWrappingKey(home: Home): Uint8Array {
  const key = randomBytes(KEY_BYTES);
  writePrivate(home.keyFile, key.toString('hex'));
  return key;
}

const readWrappingKey = (home: Home): Uint8Array =>
  Buffer.from(readPrivate(home.keyFile).toString('latin1').trim(), 'hex');

function createKeystore(home: Home, wrappingKey: Uint8Array): Uint8Array {
  const dataKey = randomBytes(KEY_BYTES);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', wrappingKey, iv).setAAD(CONTEXT);
  const wrapped = Buffer.concat([iv, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
  writePrivate(
    home.keystore,
    JSON.stringify({ version: 1, provider: 'file', wrapped: wrapped.toString('base64') }),
  );
  return dataKey;
}

function unwrap(keystore: Record<string, unknown>, wrappingKey: Uint8Array): Uint8Array {
  const wrapped = Buffer.from(String(keystore['wrapped']), 'base64');
  const end = wrapped.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', wrappingKey, wrapped.subarray(0, IV_BYTES))
    .setAAD(CONTEXT)
    .setAuthTag(wrapped.subarray(end));
  return Buffer.concat([decipher.update(wrapped.subarray(IV_BYTES, end)), decipher.final()]);
}

const refuse = (why: string, cause?: unknown): ExitError =>
  new ExitError(exitCodes.permanent, `${why}.`, cause);
