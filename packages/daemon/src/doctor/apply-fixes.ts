import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { toIso, type UnixMs } from '@ocmesh/shared/ambient';
import type { Home } from '../adapters/system/home.ts';
import type { Fix } from './check.ts';

/**
 * Carries the fixes out. What they remove or rewrite is copied before, what they change is written down beside it.
 * @returns the folder that holds both
 */
export function applyFixes(home: Home, fixes: readonly Fix[], nowMs: UnixMs): string {
  const folder = join(home.path, 'backups', `doctor-${toIso(nowMs).replaceAll(':', '-')}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'changes.txt'), fixes.map(({ what }) => `${what}\n`).join(''), { mode: 0o600 });
  for (const { files, apply } of fixes) {
    for (const file of files) if (existsSync(file)) copyFileSync(file, join(folder, basename(file)));
    apply();
  }
  return folder;
}
