import { existsSync } from 'node:fs';
import { ExitError } from '../../adapters/system/exit.ts';
import { type Check, fail, ok, skipped } from '../check.ts';
import type { Environment } from '../probes/environment.ts';
import type { Facts } from '../probes/facts.ts';

export const keyCheck = (
  facts: Pick<Facts, 'dataKey' | 'hasStore'>,
  { home }: Pick<Environment, 'home'>,
): Check => ({
  id: 'key',
  what: 'Key',
  why: 'keystore.json and ocmesh.key are both needed to open the store; without them, identity and messages are lost.',
  needs: ['permissions'],
  run() {
    if (!existsSync(home.keystore) && !facts.hasStore())
      return skipped('No identity yet; the first start creates one.');
    try {
      facts.dataKey();
      return ok('keystore.json and ocmesh.key match');
    } catch (error) {
      if (!(error instanceof ExitError)) throw error;
      return fail(
        error.message,
        'Put the file back from a copy of the folder, or restore a backup: `ocmesh restore <file> --replace`.',
      );
    }
  },
});
