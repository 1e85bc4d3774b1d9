import type { Policy } from '@ocmesh/shared/contract';
import { Argument, type Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';

/** What each rule may be. */
const values: Readonly<Record<keyof Policy, readonly string[]>> = {
  strangers: ['open', 'ask', 'closed'],
  first_contact: ['allow', 'ask'],
  mcp_may_trust: ['true', 'false'],
};

/** What a rule may be, for a shell that completes it. */
export const policyValues = (rule: string): readonly string[] =>
  Object.hasOwn(values, rule) ? values[rule as keyof Policy] : [];

export function addPolicyCommand(program: Command, { daemon, printer }: CommandContext): void {
  program
    .command('policy')
    .description('Show or change who reaches your agent, and whom it may reach.')
    .addArgument(new Argument('[rule]', 'the one to change').choices(Object.keys(values)))
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
      `${rule} cannot be that.`,
      `It is one of: ${values[rule].join(', ')}.`,
    );
  }
  return { [rule]: rule === 'mcp_may_trust' ? value === 'true' : value };
}

const strangers: Readonly<Record<Policy['strangers'], string>> = {
  open: 'their messages come into the inbox, marked',
  ask: 'their messages are held until you say yes; whom you wrote to may answer',
  closed: 'their messages are dropped',
};
const firstContact: Readonly<Record<Policy['first_contact'], string>> = {
  allow: 'your agent may write to strangers',
  ask: 'your agent asks you before it writes to a stranger',
};

const describe = ({ strangers: inbound, first_contact, mcp_may_trust }: Policy): string =>
  [
    `strangers      ${inbound}: ${strangers[inbound]}`,
    `first_contact  ${first_contact}: ${firstContact[first_contact]}`,
    `mcp_may_trust  ${mcp_may_trust}: models ${mcp_may_trust ? 'may' : 'may not'} make contacts and answer requests`,
  ].join('\n');
