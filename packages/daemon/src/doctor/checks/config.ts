import { ExitError } from '../../adapters/system/exit.ts';
import { type Check, fail, ok } from '../check.ts';
import type { Facts } from '../probes/facts.ts';
import { configuresPolicy } from './policy.ts';

export const configCheck = (facts: Pick<Facts, 'config'>): Check => ({
  id: 'config',
  what: 'Configuration',
  why: 'The daemon refuses to start with an invalid setting.',
  run() {
    try {
      const all = Object.entries(facts.config().origins).filter(([, origin]) => origin !== 'default');
      // The policy check reports the policy.
      const own = all.filter(([key]) => !configuresPolicy(key));
      if (own.length > 0) return ok(own.map(([key, origin]) => `${key} from ${origin}`).join(', '));
      return ok(`config.json and this environment set nothing${all.length > 0 ? ' but the policy' : ''}`);
    } catch (error) {
      if (!(error instanceof ExitError)) throw error;
      return fail(error.message, 'Correct it, then run `ocmesh doctor` again.');
    }
  },
});
