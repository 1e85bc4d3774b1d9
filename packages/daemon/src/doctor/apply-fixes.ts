import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { toIso, type UnixMs } from '@ocmesh/shared/ambient';
import type { Home } from '../adapters/system/home.ts';
import type { Fix } from './check.ts';

/**
 * Applies fixes, after copying the files that they remove or rewrite and listing the changes.
 * @returns the folder with the copies and the list
 */
export async function applyFixes(home: Home, fixes: readonly Fix[], nowMs: UnixMs): Promise<string> {
  const folder = join(home.path, 'backups', `doctor-${toIso(nowMs).replaceAll(':', '-')}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'changes.txt'), fixes.map(({ what }) => `${what}\n`).join(''), { mode: 0o600 });
  for (const { files, apply } of fixes) {
    for (const file of files) if (existsSync(file)) copyFileSync(file, join(folder, basename(file)));
    await apply();
  }
  return folder;
}
