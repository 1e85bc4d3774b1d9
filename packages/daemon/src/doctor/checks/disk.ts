import { existsSync, statfsSync, statSync } from 'node:fs';
import type { Home } from '../../adapters/system/home.ts';
import { type Check, fail, ok, skipped, warn } from '../check.ts';
import { size } from '../format.ts';
import { doctorLimits } from '../limits.ts';

/** Free bytes and files, as available to this user. */
type Room = (path: string) => { readonly bytes: number; readonly files: number };

export const diskCheck = (home: Home, roomOf: Room = statRoom): Check => ({
  id: 'disk',
  what: 'Disk',
  why: 'A message counts as sent or received only once it is on disk.',
  run() {
    if (!existsSync(home.path)) return skipped('No home folder yet.');
    const { bytes, files } = roomOf(home.path);
    const found = files === 0 ? 'no more files can be created (inodes)' : `${size(bytes)} free`;
    const nextStep = 'Free some space; a running daemon resumes by itself.';
    if (isFull(home, roomOf)) return fail(found, nextStep);
    return bytes < snapshotBytes(home) + doctorLimits.diskFewBytes ? warn(found, nextStep) : ok(found);
  },
});

/** Whether there is no room for the next write: a new snapshot next to the old one, then the next journal segment. */
export function isFull(home: Home, roomOf: Room = statRoom): boolean {
  const { bytes, files } = roomOf(home.path);
  return files === 0 || bytes < snapshotBytes(home) + doctorLimits.diskLeastBytes;
}

const snapshotBytes = ({ database }: Home): number => (existsSync(database) ? statSync(database).size : 0);

const statRoom: Room = (path) => {
  const { bavail, bsize, files, ffree } = statfsSync(path);
  // Some file systems do not count files.
  return { bytes: bavail * bsize, files: files === 0 ? Number.POSITIVE_INFINITY : ffree };
};
