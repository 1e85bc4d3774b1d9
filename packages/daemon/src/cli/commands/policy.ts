import type { Policy } from '@ocmesh/shared/contract';
import { Argument, type Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';

/** Allowed values of each rule. */
const values: Readonly<Record<keyof Policy, readonly string[]>> = {
  strangers: ['open', 'ask', 'closed'],
  first_contact: ['allow', 'ask'],
  mcp_may_trust: ['true', 'false'],
};

/** Returns the allowed values of a rule, for shell completion. */
export const policyValues = (rule: string): readonly string[] =>
  Object.hasOwn(values, rule) ? values[rule as keyof Policy] : [];

export function addPolicyCommand(program: Command, { daemon, printer }: CommandContext): void {
  program
    .command('policy')
    .description('Show or change who may reach your agent, and who it may write to. Changes apply at once.')
    .addArgument(new Argument('[rule]', 'rule to change').choices(Object.keys(values)))
    .argument(
      '[value]',
      Object.entries(values)
        .map(([rule, all]) => `${rule}: ${all.join(', ')}`)
        .join('; '),
    )
    .addHelpText('after', example('ocmesh policy strangers ask'))
    .action(async (rule: keyof Policy | undefined, value: string | undefined) => {
      const { api } = daemon;
      const policy =
        rule === undefined || value === undefined
          ? await api.getPolicy({})
          : await api.setPolicy(change(rule, value));
      printer().result(policy, () => describe(policy));
    });
}

function change(rule: keyof Policy, value: string): Partial<Policy> {
  if (!values[rule].includes(value)) {
    throw new CommandError(
      'invalid_request',
      `Invalid value for ${rule}.`,
      `Allowed: ${values[rule].join(', ')}.`,
    );
  }
  return { [rule]: rule === 'mcp_may_trust' ? value === 'true' : value };
}

const strangers: Readonly<Record<Policy['strangers'], string>> = {
  open: 'their messages go to the inbox, marked as from a stranger',
  ask: 'their messages are held until you accept; peers you wrote to may reply',
  closed: 'their messages are dropped',
};
const firstContact: Readonly<Record<Policy['first_contact'], string>> = {
  allow: 'your agent may write to strangers',
  ask: 'your agent needs your approval to write to a stranger',
};

const describe = ({ strangers: inbound, first_contact, mcp_may_trust }: Policy): string =>
  [
    `strangers      ${inbound}: ${strangers[inbound]}`,
    `first_contact  ${first_contact}: ${firstContact[first_contact]}`,
    `mcp_may_trust  ${mcp_may_trust}: models ${mcp_may_trust ? 'may add contacts and' : 'may not add contacts or'} answer requests`,
  ].join('\n');
