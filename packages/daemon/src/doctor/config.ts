import { StartError } from '../adapters/system/exit.ts';
import { type Check, fail, ok, warn } from './check.ts';
import type { Facts } from './facts.ts';
import { configuresPolicy } from './policy.ts';

export const configCheck = (facts: Pick<Facts, 'config'>): Check => ({
  id: 'config',
  what: 'Configuration',
  why: 'With a value that it does not understand the daemon does not start.',
  look() {
    try {
      const { origins, renamed } = facts.config();
      const all = Object.entries(origins).filter(([, origin]) => origin !== 'default');
      // What counts of the policy is told with it.
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
      if (!(error instanceof StartError)) throw error;
      return fail(error.message, 'Then run `ocmesh doctor` again.');
    }
  },
});
