import type { Policy } from '@ocmesh/shared/contract';
import { policyOf } from '../../config/schema.ts';
import { type Check, ok, warn } from '../check.ts';
import type { Facts } from '../probes/facts.ts';

/** Each is also a setting of config.json, which `ocmesh policy` overrides. */
const rules: readonly (keyof Policy)[] = ['strangers', 'first_contact', 'mcp_may_trust'];

export const configuresPolicy = (key: string): boolean => rules.some((rule) => rule === key);

export const policyCheck = (facts: Pick<Facts, 'config' | 'store'>): Check => ({
  id: 'policy',
  what: 'Policy',
  why: 'It decides who may reach your agent, and who it may write to. `ocmesh policy` overrides the configuration.',
  needs: ['config', 'store'],
  async run() {
    const { values, origins } = facts.config();
    const stored = (await facts.store())?.policy ?? {};
    const fromFile = policyOf(values);
    const isConfigured = (rule: keyof Policy): boolean => origins[rule] !== 'default';
    const isOverridden = (rule: keyof Policy): boolean =>
      isConfigured(rule) && stored[rule] !== undefined && stored[rule] !== fromFile[rule];

    function describe(rule: keyof Policy): string {
      if (stored[rule] === undefined)
        return `${rule} ${fromFile[rule]}${isConfigured(rule) ? ' (config.json)' : ''}`;
      const over = isOverridden(rule) ? `, overrides ${fromFile[rule]} in config.json` : '';
      return `${rule} ${stored[rule]} (\`ocmesh policy\`${over})`;
    }

    const found = rules.map(describe).join('; ');
    const overridden = rules.filter(isOverridden);
    if (overridden.length === 0) return ok(found);
    const fields = overridden.join(' and ');
    const commands = overridden.map((rule) => `\`ocmesh policy ${rule} ${fromFile[rule]}\``);
    return warn(found, `Remove ${fields} from config.json, or apply it: ${commands.join(', ')}.`);
  },
});
