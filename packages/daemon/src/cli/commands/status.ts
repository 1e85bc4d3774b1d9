import { describeMesh, megabytes, type Status } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { exitCodes } from '../../adapters/system/exit.ts';
import type { Home } from '../../adapters/system/home.ts';
import { listWatches } from '../../watch/watch-state.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import { shortKey } from '../terminal/peer-label.ts';

/** How long the first connections may take. */
const STARTING_S = 60;

export function addStatusCommand(program: Command, context: CommandContext): void {
  const { io, daemon, printer } = context;
  program
    .command('status')
    .description('Show the status of the daemon. Exit code 0: healthy; 75: degraded, or not running.')
    .addHelpText('after', example('ocmesh status'))
    .action(async () => {
      const status = await daemon.api.getStatus({});
      const watches = () => failingWatches(context.home);
      printer().result(status, () => [describe(status), ...watches()].join('\n'));
      if (status.degraded) io.setExitCode(exitCodes.tryAgain);
    });
}

function describe(status: Status): string {
  const connected = status.relay_status.filter((relay) => relay.state === 'connected').length;
  return [
    `ocmesh ${status.daemon_version}, up ${status.uptime_seconds} s, ${condition(status, connected)}`,
    `identity  ${status.npub}${status.name ? ` (${status.name})` : ''}`,
    `peers     ${status.peer_count} online, ${status.known_peer_count} known`,
    `discovery ${describeDiscovery(status.discovery)}`,
    `messages  ${status.unread_count} unread, ${status.outbox.queued} waiting to be sent`,
    ...(status.request_count > 0 ? [`requests  ${status.request_count} pending: \`ocmesh requests\``] : []),
    ...status.paused_peers.map((pubkey) => `paused    ${shortKey(pubkey)}: \`ocmesh resume\` ends the pause`),
    `relays    ${connected} of ${status.relay_status.length} connected`,
    ...(status.proxy ? [`proxy     ${status.proxy.address}, from ${status.proxy.from}`] : []),
    ...status.relay_status.map((relay) => `          ${relay.state.padEnd(13)} ${relay.url}`),
    ...[...status.reasons, ...status.warnings].map(({ message, next_step }) => `! ${message} ${next_step}`),
  ].join('\n');
}

/** For example: `all agents, about 1200 ± 90 agents online, 12.5 MB in 24 h`. */
function describeDiscovery({
  mode,
  sampled_relays,
  last_day,
  budget_bytes_per_day,
  mesh,
}: Status['discovery']): string {
  const whom = mode === 'all' ? 'all agents' : `samples of ${sampled_relays.length} relays`;
  const size = describeMesh({ mesh });
  const received = `${megabytes(last_day.bytes)} of ${megabytes(budget_bytes_per_day)} MB in 24 h`;
  return [whom, ...(size === null ? [] : [size]), received].join(', ');
}

/** A command that does not run wakes nobody. */
const failingWatches = (home: Home): string[] =>
  listWatches(home).flatMap(({ name, failing }) =>
    failing
      ? [
          `! The command of the watcher ${name} ${failing.message} (${failing.tries} tries, last ${failing.at}). Its messages wait for the next one.`,
        ]
      : [],
  );

/** `degraded` is set after a grace period; until then the daemon is "starting" or without a relay. */
function condition({ degraded, uptime_seconds }: Status, connected: number): string {
  if (degraded) return 'degraded';
  if (connected > 0) return 'healthy';
  return uptime_seconds < STARTING_S ? 'starting: no relay is connected yet' : 'no relay is connected now';
}
