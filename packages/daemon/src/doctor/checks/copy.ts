import { existsSync } from 'node:fs';
import type { Home } from '../../adapters/system/home.ts';
import { copyFound, copyStep, originalOf } from '../../adapters/system/home-place.ts';
import { type Check, ok, skipped, warn } from '../check.ts';

export const copyCheck = (home: Home): Check => ({
  id: 'copy',
  what: 'Copies',
  why: 'Two daemons with one identity both receive and confirm every message, and each has only a part of what was sent.',
  needs: ['permissions'],
  run() {
    if (!existsSync(home.keystore)) return skipped('No identity yet; the first start creates one.');
    const original = originalOf(home);
    return original === null
      ? ok('no other home is known to have this identity')
      : warn(copyFound(original), copyStep);
  },
});
