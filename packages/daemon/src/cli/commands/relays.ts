import { limits, type RelayDetails } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import type { Command } from 'commander';
import { inPlainWords } from '../../doctor/probes/network-fault.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import { type Column, renderTable } from '../terminal/table.ts';

export function addRelaysCommand(program: Command, { io, daemon, printer }: CommandContext): void {
  const show = (relays: readonly RelayDetails[]): string =>
    relays.length > 0 ? renderTable(io, columns, relays) : 'No relays: `ocmesh relays add <url>` adds one.';

  const command = program
    .command('relays')
    .description('List the relays in use and what is wrong with them; add one, or remove one.')
    .addHelpText('after', example('ocmesh relays add wss://relay.example.org'))
    .action(async () => {
      const relays = await daemon.api.listRelays({});
      printer().result(relays, () => show(relays));
    });
  command
    .command('add')
    .description('Use one more relay from now on. No restart.')
    .argument('<url>', 'wss://…, or ws://… for one of your own')
    .addHelpText('after', example('ocmesh relays add ws://127.0.0.1:7447'))
    .action(async (url: string) => {
      const relay = await daemon.api.addRelay({ url });
      printer().result(relay, () => `${relay.url} is on the list. \`ocmesh relays\` shows how it works.`);
    });
  command
    .command('remove')
    .description('Leave a relay and take it off the list.')
    .argument('<url>', 'as `ocmesh relays` shows it')
    .addHelpText('after', example('ocmesh relays remove ws://127.0.0.1:7447'))
    .action(async (url: string) => {
      const relays = await daemon.api.removeRelay({ url });
      printer().result(relays, () => show(relays));
    });
}

const columns: readonly Column<RelayDetails>[] = [
  { title: 'RELAY', value: ({ url }) => cleanLine(url, limits.relay.urlChars), shrinks: true },
  {
    title: 'STATE',
    value: ({ state }) => state,
    style: ({ state }) => (state === 'connected' ? 'green' : state === 'connecting' ? null : 'yellow'),
  },
  { title: 'MESSAGES', value: ({ carries_dms }) => (carries_dms ? 'yes' : 'no') },
  { title: 'ANSWERS', value: ({ round_trip_ms: ms }) => (ms === null ? '-' : `${Math.round(ms)} ms`) },
  // The relay's own words, or the system's.
  {
    title: 'TROUBLE',
    value: ({ last_error }) =>
      last_error === null ? '' : inPlainWords(cleanLine(last_error, limits.relay.reasonChars)),
    shrinks: true,
  },
];
