import { existsSync } from 'node:fs';
import { reasonStep } from '@ocmesh/shared/contract';
import { UnreadableStoreError } from '../../adapters/store/engine/errors.ts';
import { currentSchema } from '../../adapters/store/sql/migrations/index.ts';
import type { Home } from '../../adapters/system/home.ts';
import { isInterrupted } from '../../home/unfinished-home.ts';
import { type Check, type Finding, fail, ok, skipped, warn } from '../check.ts';
import { size } from '../format.ts';
import type { Facts } from '../probes/facts.ts';

const NEWER = /install the newer one/;

/** Reads snapshot and journal like a start does, but writes nothing. */
export const storeCheck = (facts: Pick<Facts, 'store' | 'daemon'>, home: Home): Check => ({
  id: 'store',
  what: 'Store',
  why: 'It holds identity, peers and messages; the daemon does not start if it is damaged.',
  needs: ['permissions', 'key'],
  async run() {
    if (isInterrupted(home)) return interrupted;
    // First: a disk that does not respond may not be readable either.
    const slow = (await facts.daemon())?.status.reasons.find(({ code }) => code === 'storage_slow');
    if (slow) return fail(`${slow.message} Since ${slow.since}.`, reasonStep(slow, 'command'));
    try {
      const store = await facts.store();
      if (!store)
        return existsSync(home.keystore) ? lost(home) : skipped('None yet; the first start creates one.');
      const { schema, bytes, messages } = store;
      const old = schema < currentSchema.newest ? `, schema ${schema}: the next start upgrades it` : '';
      return ok(`intact: ${messages} message${messages === 1 ? '' : 's'}, ${size(bytes)}${old}`);
    } catch (error) {
      if (!(error instanceof UnreadableStoreError)) throw error;
      const nextStep = NEWER.test(error.message)
        ? 'Install the newer ocmesh again.'
        : 'Restore a backup: `ocmesh restore <file> --replace`. Without a backup, `ocmesh reset` moves this home aside and starts with a new identity.';
      return fail(error.message, nextStep);
    }
  },
});

const interrupted = warn(
  'A restore or key import was interrupted before it was in place.',
  '`ocmesh start` finishes it, or says what to do.',
);

/** Only a warning: an interrupted first start looks the same. */
const lost = ({ database }: Home): Finding =>
  warn(
    `There is a key, but no ${database}: the next start creates a new identity.`,
    'If there was an identity before, restore a backup (`ocmesh restore <file> --replace`), or put ocmesh.db back from a copy of the folder.',
  );
