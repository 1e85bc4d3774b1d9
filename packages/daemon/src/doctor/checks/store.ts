import { existsSync } from 'node:fs';
import { UnreadableStoreError } from '../../adapters/store/engine/errors.ts';
import { currentSchema } from '../../adapters/store/sql/migrations/index.ts';
import type { Home } from '../../adapters/system/home.ts';
import { type Check, type Finding, fail, ok, skipped, warn } from '../check.ts';
import { size } from '../format.ts';
import type { Facts } from '../probes/facts.ts';

const NEWER = /install the newer one/;

/** Snapshot and journal are read as a start reads them; nothing is written. */
export const storeCheck = (facts: Pick<Facts, 'store'>, home: Home): Check => ({
  id: 'store',
  what: 'Store',
  why: 'Identity, peers and messages are in it; the daemon does not start with one that is damaged.',
  needs: ['permissions', 'key'],
  async run() {
    try {
      const store = await facts.store();
      if (!store)
        return existsSync(home.keystore)
          ? lost(home)
          : skipped('There is none yet: the first start makes one.');
      const { schema, bytes, messages } = store;
      const old =
        schema < currentSchema.newest ? `, schema ${schema}: the next start brings it up to date` : '';
      return ok(`whole: ${messages} message${messages === 1 ? '' : 's'}, ${size(bytes)}${old}`);
    } catch (error) {
      if (!(error instanceof UnreadableStoreError)) throw error;
      const nextStep = NEWER.test(error.message)
        ? 'Install the newer ocmesh again.'
        : 'Make a new home from a backup: `ocmesh restore <file> --replace`. Without a backup, `ocmesh reset` moves this one aside and starts with a new identity.';
      return fail(error.message, nextStep);
    }
  },
});

/** After a first start that was cut short it looks the same. */
const lost = ({ database }: Home): Finding =>
  warn(
    `There is a key, but nothing in ${database}: the next start makes a new identity.`,
    'If there was one before: `ocmesh restore <file> --replace`, or put ocmesh.db back from a copy of the folder.',
  );
