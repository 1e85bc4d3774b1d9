import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';

const mounted: string[] = [];
afterEach(() => {
  for (const path of mounted.splice(0)) execFileSync('umount', ['-l', path]);
});

/** Mounts a disk of 8 MB until the end of the test. Returns false if this is not allowed: only root may. */
export function mountSmallDisk(path: string): boolean {
  mkdirSync(path, { mode: 0o700 });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return false;
  }
  mounted.push(path);
  return true;
}

/** Fills a small disk. @returns the file to remove to make room again */
export function fillDisk(path: string): string {
  const filler = join(path, 'filler');
  try {
    writeFileSync(filler, Buffer.alloc(16 * 1024 * 1024));
  } catch {
    // It ends when the disk is full.
  }
  return filler;
}
