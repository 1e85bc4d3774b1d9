import { isDiskFull } from '../../../node/errno.ts';

/** The disk is full. Thrown before a frame counts as written, so nothing is in doubt. */
export class DiskFull extends Error {}

/** Runs a write that may need room. @throws DiskFull instead of a system error that says so */
export async function needingRoom(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw isDiskFull(error) ? new DiskFull('no room', { cause: error }) : error;
  }
}
