import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';

export function addIdentityCommand(program: Command, { daemon, printer }: CommandContext): void {
  program
    .command('identity')
    .description('Show the identity of this agent. Others reach it by its npub.')
    .addHelpText('after', example('ocmesh identity --json'))
    .action(async () => {
      const identity = await daemon.api.getIdentity({});
      printer().result(identity, () =>
        [
          `name      ${identity.name ?? '-'}`,
          `npub      ${identity.npub}`,
          `key       ${identity.pubkey}`,
          `features  ${identity.features.join(', ')}`,
        ].join('\n'),
      );
    });
}
