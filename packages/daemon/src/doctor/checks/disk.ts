import { existsSync, statfsSync, statSync } from 'node:fs';
import type { Home } from '../../adapters/system/home.ts';
import { type Check, fail, ok, skipped, warn } from '../check.ts';
import { size } from '../format.ts';
import { doctorLimits } from '../limits.ts';

/** Bytes of room, as a process of this user has it. */
type Room = (path: string) => { readonly bytes: number; readonly files: number };

export const diskCheck = (home: Home, roomOf: Room = statRoom): Check => ({
  id: 'disk',
  what: 'Disk',
  why: 'A message counts as sent or received only when it is on disk.',
  run() {
    if (!existsSync(home.path)) return skipped('There is no home folder yet.');
    const { bytes, files } = roomOf(home.path);
    const found = files === 0 ? 'no room for another file (inodes)' : `${size(bytes)} free`;
    const nextStep = 'Free some space; the running daemon goes on by itself.';
    if (isFull(home, roomOf)) return fail(found, nextStep);
    return bytes < snapshotBytes(home) + doctorLimits.diskFewBytes ? warn(found, nextStep) : ok(found);
  },
});

/** Too full for what is written at once: a new snapshot beside the old one, then the next part of the journal. */
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
