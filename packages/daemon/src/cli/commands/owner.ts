import type { Handlers, Owner } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';
import { shortKey } from '../terminal/peer-label.ts';
import { localTime } from '../terminal/times.ts';

type Change = Parameters<Handlers['setOwner']>[0];

export function addOwnerCommand(program: Command, { io, daemon, printer }: CommandContext): void {
  const show = async (owner: Owner): Promise<void> => {
    const { npub } = await daemon.api.getIdentity({});
    printer().result(owner, () => describe(owner, npub, io.clock.now()));
  };
  const command = program
    .command('owner')
    .description('Show or name the phone from which you decide about requests, in any Nostr app.')
    .argument('[npub]', 'key of the Nostr app on the phone')
    .option('--quiet-hours <hours>', 'send no requests then, for example 22:00-07:00; "off" ends it')
    .addHelpText('after', example('ocmesh owner npub1… --quiet-hours 22:00-07:00'))
    .action(async (npub: string | undefined, flags: { readonly quietHours?: string }) => {
      const change = toChange(npub, flags.quietHours);
      const { api } = daemon;
      await show(Object.keys(change).length === 0 ? await api.getOwner({}) : await api.setOwner(change));
    });
  command
    .command('remove')
    .description('Remove the phone: nothing more is sent to it, and its answers do nothing.')
    .addHelpText('after', example('ocmesh owner remove'))
    .action(async () => show(await daemon.api.removeOwner({})));
}

function toChange(npub: string | undefined, quietHours: string | undefined): Change {
  if (quietHours !== undefined && quietHours !== 'off' && !HOURS.test(quietHours)) {
    throw new CommandError(
      'invalid_request',
      'Invalid quiet hours.',
      'Two times of the day, such as 22:00-07:00; or off.',
    );
  }
  return {
    ...(npub === undefined ? {} : { pubkey: npub }),
    ...(quietHours === undefined ? {} : { quiet_hours: quietHours === 'off' ? null : quietHours }),
  };
}

const HOURS = /^\d\d:\d\d-\d\d:\d\d$/;

const kinds: Readonly<Record<Owner['requests'][number]['kind'], string>> = {
  in: 'a stranger wrote',
  out: 'your agent wants to write',
  paused: 'a conversation is paused',
};

function describe(owner: Owner, agent: string, nowMs: number): string {
  const { state, npub, code, code_until, quiet_hours, requests } = owner;
  if (state === 'none') return 'No phone is named. `ocmesh owner <npub>` names one.';
  const quiet = quiet_hours === null ? [] : [`quiet hours  ${quiet_hours}`];
  if (state === 'confirmed') {
    return [
      `${npub} decides about requests.`,
      ...quiet,
      ...requests.map(
        ({ number, kind, pubkey, until }) =>
          `request ${number}  ${kinds[kind]}: ${shortKey(pubkey)}, until ${localTime(until, nowMs)}`,
      ),
    ].join('\n');
  }
  if (code === null || code_until === null)
    return `${npub} is not confirmed, and its code is void. \`ocmesh owner ${npub}\` makes a new one.`;
  return [
    `${npub} is not confirmed yet. Send this code from its app as a private message (NIP-17) to`,
    `${agent}:`,
    '',
    `  ${code.slice(0, 3)} ${code.slice(3)}`,
    '',
    `It counts until ${localTime(code_until, nowMs)}. The app shows a message of your agent, to which you can reply.`,
    ...quiet,
  ].join('\n');
}
