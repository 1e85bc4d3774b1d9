import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomically } from '../adapters/system/atomic-file.ts';
import { errnoOf } from '../node/errno.ts';

/** Writes a plist or unit, readable by all: launchd refuses a plist that is not. */
export function writeSpecFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileAtomically(path, text, 0o644);
}

/** Reads a plist or unit; null if there is none. */
export function readSpecFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}
