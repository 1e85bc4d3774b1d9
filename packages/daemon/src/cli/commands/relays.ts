import { limits, type RelayDetails } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import type { Command } from 'commander';
import { explainNetworkError } from '../../doctor/probes/network-fault.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { addRelaysTestCommand } from './relays-test.ts';

export function addRelaysCommand(program: Command, context: CommandContext): void {
  const { io, daemon, printer } = context;
  const show = (relays: readonly RelayDetails[]): string =>
    relays.length > 0 ? renderTable(io, columns, relays) : 'No relays: `ocmesh relays add <url>` adds one.';

  const command = program
    .command('relays')
    .description('List relays and their problems; add, remove or test one.')
    .addHelpText('after', example('ocmesh relays add wss://relay.example.org'))
    .action(async () => {
      const relays = await daemon.api.listRelays({});
      printer().result(relays, () => show(relays));
    });
  command
    .command('add')
    .description('Add a relay (takes effect immediately).')
    .argument('<url>', 'wss://…, or ws://… for a relay of your own')
    .addHelpText('after', example('ocmesh relays add ws://127.0.0.1:7447'))
    .action(async (url: string) => {
      const relay = await daemon.api.addRelay({ url });
      printer().result(relay, () => `Added ${relay.url}. \`ocmesh relays\` shows its state.`);
    });
  command
    .command('remove')
    .description('Disconnect from a relay and remove it from the list.')
    .argument('<url>', 'as shown by `ocmesh relays`')
    .addHelpText('after', example('ocmesh relays remove ws://127.0.0.1:7447'))
    .action(async (url: string) => {
      const relays = await daemon.api.removeRelay({ url });
      printer().result(relays, () => show(relays));
    });
  addRelaysTestCommand(command, context);
}

const columns: readonly Column<RelayDetails>[] = [
  { title: 'RELAY', value: ({ url }) => cleanLine(url, limits.relay.urlChars), shrinks: true },
  {
    title: 'STATE',
    value: ({ state }) => state,
    style: ({ state }) => (state === 'connected' ? 'green' : state === 'connecting' ? null : 'yellow'),
  },
  {
    title: 'KEEPS',
    value: ({ keeps }) => keeps.answer,
    style: ({ keeps }) => (keeps.answer === 'no' ? 'red' : null),
  },
  {
    title: 'FORWARDS',
    value: ({ forwards }) => forwards.answer,
    style: ({ forwards }) => (forwards.answer === 'no' ? 'yellow' : null),
  },
  { title: 'MESSAGES', value: ({ carries_dms }) => (carries_dms ? 'yes' : 'no') },
  { title: 'LATENCY', value: ({ round_trip_ms: ms }) => (ms === null ? '-' : `${Math.round(ms)} ms`) },
  // Text by the relay, or by the system.
  {
    title: 'PROBLEM',
    value: (relay) => {
      const problem = relay.last_error ?? unkept(relay);
      return problem === null ? '' : explainNetworkError(cleanLine(problem, limits.relay.reasonChars));
    },
    shrinks: true,
  },
];

/** Returns why it does not do what we need; null if it does, or nothing is known. */
const unkept = ({ keeps, forwards, keeps_presence, dates }: RelayDetails): string | null =>
  dates === 'none'
    ? 'refuses the date of everything we write'
    : ([keeps, forwards, keeps_presence].find(({ answer }) => answer === 'no')?.reason ?? null);
