import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DataFolder } from '@ocmesh/relay';
import type { Clock, Log } from '@ocmesh/shared/ambient';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import { takeOwnership } from '../../adapters/system/ownership.ts';
import { createSystemRandom } from '../../adapters/system/random.ts';
import { isDiskFull } from '../../node/errno.ts';

/** A data folder that no other relay can take until it is released. */
export interface OwnedDataFolder extends DataFolder {
  release(): void;
}

/**
 * Creates the folder for a relay's events and takes it for this process.
 * @throws ExitError if another relay uses it, or if it cannot be used at all
 */
export async function takeDataFolder(
  path: string,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<OwnedDataFolder> {
  const folder = resolve(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { check, release } = await takeOwnership(join(folder, 'relay.lock'), {
      clock,
      random: createSystemRandom(),
      onLost() {
        log.error('another process uses the data folder now, or its lock was removed', { folder });
        process.exit(exitCodes.permanent);
      },
    });
    return { path: folder, checkOwnership: check, release };
  } catch (error) {
    throw explain(folder, error);
  }
}

function explain(folder: string, error: unknown): ExitError {
  if (error instanceof ExitError) {
    const { exitCode } = error;
    const what =
      exitCode === exitCodes.permanent
        ? `Another relay uses the folder ${folder}. Stop it, or choose another folder with --data.`
        : `The relay that uses the folder ${folder} is still exiting. Try again in a few seconds.`;
    return new ExitError(exitCode, what, error);
  }
  if (isDiskFull(error)) {
    return new ExitError(exitCodes.tryAgain, `The disk of ${folder} is full. Free some space.`, error);
  }
  return unusableDataFolder(folder, error);
}

export const unusableDataFolder = (folder: string, error: unknown): ExitError =>
  new ExitError(
    exitCodes.permanent,
    `The folder ${folder} cannot keep the relay's events: ${error instanceof Error ? error.message : String(error)}. Choose another with --data.`,
    error,
  );
