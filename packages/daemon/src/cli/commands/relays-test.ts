import { limits, OcmeshError } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import { parseRelayUrl } from '@ocmesh/shared/wire';
import type { Command } from 'commander';
import { chooseEngine } from '../../adapters/crypto/choose-engine.ts';
import { exitCodes } from '../../adapters/system/exit.ts';
import { createSystemRandom } from '../../adapters/system/random.ts';
import { explainNetworkError } from '../../doctor/probes/network-fault.ts';
import type { RelayReport } from '../../doctor/probes/test-relay-fully.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';
import { type Column, renderTable } from '../terminal/table.ts';

export function addRelaysTestCommand(relays: Command, context: CommandContext): void {
  const { io, printer } = context;
  relays
    .command('test')
    .description('Write test events to relays with a throwaway key, and show what each does with them.')
    .argument('[url...]', 'relays to test; without any, the ones in use')
    .option('--candidates', 'test the built-in list of relays')
    .addHelpText('after', example('ocmesh relays test wss://relay.example.org'))
    .action(async (urls: string[], flags: { readonly candidates?: true }) => {
      const reports = await testAll(context, await chooseUrls(context, urls, flags.candidates ?? false));
      printer().result(reports, () => renderTable(io, columns, reports));
      const { isUsable } = await import('../../doctor/probes/test-relay-fully.ts');
      io.setExitCode(reports.every(isUsable) ? exitCodes.clean : exitCodes.crash);
    });
}

async function chooseUrls(
  { daemon }: CommandContext,
  urls: string[],
  candidates: boolean,
): Promise<readonly string[]> {
  if (candidates) return (await import('../../config/candidate-relays.ts')).candidateRelays;
  if (urls.length > 0) return urls.map(readUrl);
  return (await daemon.api.listRelays({})).flatMap(({ url, role }) => (role === 'own' ? [url] : []));
}

function readUrl(text: string): string {
  const parsed = parseRelayUrl(text);
  if ('url' in parsed) return parsed.url;
  throw new OcmeshError('invalid_request', {
    message: `${cleanLine(text, limits.relay.urlChars)} is not a relay address.`,
    problem: 'not_a_relay_url',
  });
}

async function testAll(
  { io, home, daemon }: CommandContext,
  urls: readonly string[],
): Promise<RelayReport[]> {
  // Loaded only here: no other command connects to relays.
  const { createRelayProbe } = await import('../../doctor/probes/relay-probe.ts');
  const { testRelayFully } = await import('../../doctor/probes/test-relay-fully.ts');
  const { loadConfig } = await import('../../config/load.ts');
  const { goesAround } = await import('../../config/outbound.ts');
  const { createIdentity } = await import('../../core/identity/identity.ts');
  const { newSecretKey } = await import('../../core/identity/new-secret-key.ts');
  const { clock } = io;
  const random = createSystemRandom();
  const engine = await chooseEngine({ debug() {}, info() {}, warn() {}, error() {} });
  const identity = createIdentity({ engine, random, clock }, newSecretKey(engine, random));
  const { outbound } = loadConfig(home.config, io.env, {});
  const used = await daemon.api.getStatus({}).then(
    ({ proxy }) => proxy,
    // Not running.
    () => null,
  );
  if (goesAround(used, outbound))
    throw new CommandError(
      'refused',
      `The daemon reaches relays through ${used?.address}, from ${used?.from}, which is not set here: this would go around it.`,
      'Set it here as well: OCMESH_PROXY, or proxy in config.json.',
    );
  const probe = createRelayProbe({ clock, random, identity, outbound });
  try {
    const connected = await probe.connect(urls);
    return await Promise.all(connected.map((relay) => testRelayFully(relay, { probe, identity, clock })));
  } finally {
    await probe.close();
  }
}

const answerColumn = (title: string, value: (report: RelayReport) => string): Column<RelayReport> => ({
  title,
  value,
  style(report) {
    const answer = value(report);
    return answer === 'yes' ? 'green' : answer === 'no' ? 'red' : null;
  },
});

const columns: readonly Column<RelayReport>[] = [
  { title: 'RELAY', value: ({ url }) => cleanLine(url, limits.relay.urlChars), shrinks: true },
  { title: 'STATE', value: ({ state }) => state },
  {
    title: 'NIP-11',
    value: ({ supported_nips: nips }) => (nips.length > 0 ? `${nips.length} NIPs` : 'none'),
  },
  { title: 'AUTH', value: ({ requires_auth }) => (requires_auth ? 'required' : 'no') },
  answerColumn('PRESENCE', ({ presence }) => presence),
  answerColumn('KIND 4', ({ kind_4 }) => kind_4),
  answerColumn('1059', ({ kind_1059 }) => kind_1059),
  answerColumn('KEEPS', ({ keeps }) => keeps),
  answerColumn('FORWARDS', ({ forwards }) => forwards),
  { title: 'TIME', value: ({ round_trip_ms: ms }) => (ms === null ? '-' : `${ms} ms`) },
  // Text by the relay, or by the system.
  {
    title: 'PROBLEM',
    value: ({ problem }) =>
      problem === null ? '' : explainNetworkError(cleanLine(problem, limits.relay.reasonChars)),
    shrinks: true,
  },
];
