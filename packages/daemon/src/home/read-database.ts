import { existsSync } from 'node:fs';
import { UnreadableStoreError } from '../adapters/store/engine/errors.ts';
import { realFiles } from '../adapters/store/engine/files.ts';
import { readImage } from '../adapters/store/engine/image.ts';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import type { Home } from '../adapters/system/home.ts';
import { openKeystore } from '../adapters/system/keystore.ts';
import { isInterrupted } from './unfinished-home.ts';

export const noIdentity = (home: Home): ExitError =>
  new ExitError(
    exitCodes.permanent,
    isInterrupted(home)
      ? `A restore of ${home.path} was interrupted. \`ocmesh start\` finishes it.`
      : `There is no identity in ${home.path} yet. \`ocmesh start\` creates one.`,
  );

/** Returns the decrypted database of the home. The daemon may be running. @throws ExitError if there is none */
export async function readDatabase(home: Home): Promise<Uint8Array> {
  if (!existsSync(home.database)) throw noIdentity(home);
  try {
    return await readImage(realFiles, home.database, openKeystore(home));
  } catch (error) {
    if (error instanceof UnreadableStoreError) throw new ExitError(exitCodes.permanent, error.message, error);
    throw error;
  }
}
