import { ExitError } from '../../adapters/system/exit.ts';
import { type Check, fail, ok, warn } from '../check.ts';
import type { Facts } from '../probes/facts.ts';
import { configuresPolicy } from './policy.ts';

export const configCheck = (facts: Pick<Facts, 'config'>): Check => ({
  id: 'config',
  what: 'Configuration',
  why: 'The daemon refuses to start with an invalid setting.',
  run() {
    try {
      const { origins, renamed } = facts.config();
      const all = Object.entries(origins).filter(([, origin]) => origin !== 'default');
      // The policy check reports the policy.
      const own = all.filter(([key]) => !configuresPolicy(key));
      const found =
        own.length > 0
          ? own.map(([key, origin]) => `${key} from ${origin}`).join(', ')
          : `config.json and this environment set nothing${all.length > 0 ? ' but the policy' : ''}`;
      if (renamed.length === 0) return ok(found);
      const names = renamed.map(({ former, name }) => `${former} is now called ${name}`);
      const steps = renamed.map(({ former, name }) => `${former} to ${name}`);
      return warn(
        `${found}; ${names.join(', ')}`,
        `Rename ${steps.join(' and ')} in config.json. The old name still works.`,
      );
    } catch (error) {
      if (!(error instanceof ExitError)) throw error;
      return fail(error.message, 'Correct it, then run `ocmesh doctor` again.');
    }
  },
});
