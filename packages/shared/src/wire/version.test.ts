import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ocmeshVersion } from './version.ts';

test('the version we send is that of the packages', () => {
  for (const path of ['../../package.json', '../../../daemon/package.json', '../../../../package.json']) {
    expect(JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version).toBe(ocmeshVersion);
  }
});
