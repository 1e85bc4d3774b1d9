/** There is no room. Met before a frame counts as written, so that nothing is in doubt. */
export class DiskFull extends Error {}

/** @throws DiskFull in place of the errors that say so */
export async function needingRoom(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw isDiskFull(error) ? new DiskFull('no room', { cause: error }) : error;
  }
}

const isDiskFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
