import { StartError } from '../adapters/system/exit.ts';
import { type Check, fail, ok } from './check.ts';
import type { Facts } from './facts.ts';

export const configCheck = (facts: Pick<Facts, 'config'>): Check => ({
  id: 'config',
  what: 'Configuration',
  why: 'With a value that it does not understand the daemon does not start.',
  look() {
    try {
      const origins = Object.entries(facts.config().origins).filter(([, origin]) => origin !== 'default');
      const given = origins.map(([key, origin]) => `${key} from ${origin}`).join(', ');
      return ok(given || 'nothing but defaults');
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      return fail(error.message, 'Then run `ocmesh doctor` again.');
    }
  },
});
