import type { Reason, Status } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { exitCodes } from '../../adapters/system/exit.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import { shortKey } from '../terminal/peer-label.ts';

/** As long as the first connections may take. */
const STARTING_S = 60;

export function addStatusCommand(program: Command, { io, daemon, printer }: CommandContext): void {
  program
    .command('status')
    .description('Ask the running daemon how it is. Exit code 0: healthy; 75: degraded, or not running.')
    .addHelpText('after', example('ocmesh status'))
    .action(async () => {
      const status = await daemon.api.getStatus({});
      printer().result(status, () => describe(status));
      if (status.degraded) io.setExitCode(exitCodes.tryAgain);
    });
}

function describe(status: Status): string {
  const connected = status.relay_status.filter((relay) => relay.state === 'connected').length;
  return [
    `ocmesh ${status.daemon_version}, up ${status.uptime_seconds} s, ${condition(status, connected)}`,
    `identity  ${status.npub}${status.name ? ` (${status.name})` : ''}`,
    `peers     ${status.peer_count} online, ${status.known_peer_count} known`,
    `messages  ${status.unread_count} unread, ${status.outbox.queued} waiting to go out`,
    ...(status.request_count > 0
      ? [`requests  ${waiting(status.request_count)} for your answer: \`ocmesh requests\``]
      : []),
    ...status.paused_peers.map(
      (pubkey) => `paused    ${shortKey(pubkey)}: \`ocmesh resume\` goes on with it`,
    ),
    `relays    ${connected} of ${status.relay_status.length} connected`,
    ...status.relay_status.map((relay) => `          ${relay.state.padEnd(13)} ${relay.url}`),
    ...status.reasons.map(
      ({ code, message, next_step }) => `! ${message} ${commandSteps[code] ?? next_step}`,
    ),
  ].join('\n');
}

/** Degraded is only who was without relays for a while: until then it is not well either. */
function condition({ degraded, uptime_seconds }: Status, connected: number): string {
  if (degraded) return 'degraded';
  if (connected > 0) return 'healthy';
  return uptime_seconds < STARTING_S ? 'starting: no relay is connected yet' : 'no relay is connected now';
}

const waiting = (count: number): string => (count === 1 ? '1 waits' : `${count} wait`);

/** The next step in terms of commands, where the status speaks of REST calls. */
const commandSteps: Readonly<Partial<Record<Reason['code'], string>>> = {
  no_relay:
    'Check the internet connection and the relay list; `ocmesh relays` shows what each relay answered.',
  no_dm_relay: '`ocmesh relays` shows what each relay answered; `ocmesh relays add` takes another one.',
  inbox_full: 'Mark messages as read with `ocmesh read`: the oldest read ones make room.',
};
