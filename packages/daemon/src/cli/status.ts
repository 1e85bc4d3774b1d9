import type { Status } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { exitCodes } from '../adapters/system/exit.ts';
import { type CommandContext, example } from './context.ts';
import { shortKey } from './peer-label.ts';

export function addStatusCommand(program: Command, { io, daemon, printer }: CommandContext): void {
  program
    .command('status')
    .description('Ask the running daemon how it is. Exit code 0: healthy; 75: degraded, or not running.')
    .addHelpText('after', example('ocmesh status'))
    .action(async () => {
      const status = await daemon.api.getStatus({});
      printer().answer(status, () => describe(status));
      if (status.degraded) io.setExitCode(exitCodes.tryAgain);
    });
}

function describe(status: Status): string {
  const connected = status.relay_status.filter((relay) => relay.state === 'connected').length;
  return [
    `ocmesh ${status.daemon_version}, up ${status.uptime_seconds} s, ${status.degraded ? 'degraded' : 'healthy'}`,
    `identity  ${status.npub}${status.name ? ` (${status.name})` : ''}`,
    `peers     ${status.peer_count} online, ${status.known_peer_count} known`,
    `messages  ${status.unread_count} unread, ${status.outbox.queued} waiting to go out`,
    ...(status.request_count > 0
      ? [`requests  ${status.request_count} wait for your answer: \`ocmesh requests\``]
      : []),
    ...status.paused_peers.map(
      (pubkey) => `paused    ${shortKey(pubkey)}: \`ocmesh resume\` goes on with it`,
    ),
    `relays    ${connected} of ${status.relay_status.length} connected`,
    ...status.relay_status.map((relay) => `          ${relay.state.padEnd(13)} ${relay.url}`),
    ...status.reasons.map((reason) => `! ${reason.message} ${reason.next_step}`),
  ].join('\n');
}
