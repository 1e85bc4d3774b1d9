import { ownerAccess } from '@ocmesh/mcp-server/daemon-access';
import { createClient, OcmeshError, type Status } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { printLine } from './output.ts';

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('Ask the running daemon how it is.')
    .option('--json', 'print what the API answers')
    .action(async (flags: { json?: boolean }) => {
      const client = createClient(ownerAccess({ env: process.env }));
      try {
        const status = await client.getStatus({});
        printLine(flags.json ? JSON.stringify(status, null, 2) : describe(status));
        if (status.degraded) process.exitCode = 1;
      } catch (error) {
        if (!(error instanceof OcmeshError)) throw error;
        process.stderr.write(`${error.message} ${error.hint}\n`);
        process.exitCode = 1;
      }
    });
}

function describe(status: Status): string {
  const connected = status.relay_status.filter((relay) => relay.state === 'connected').length;
  return [
    `ocmesh ${status.daemon_version}, up ${status.uptime_seconds} s, ${status.degraded ? 'degraded' : 'healthy'}`,
    `identity  ${status.npub}${status.name ? ` (${status.name})` : ''}`,
    `peers     ${status.peer_count} online, ${status.known_peer_count} known`,
    `messages  ${status.unread_count} unread, ${status.outbox.queued} waiting to go out`,
    `relays    ${connected} of ${status.relay_status.length} connected`,
    ...status.relay_status.map((relay) => `          ${relay.state.padEnd(13)} ${relay.url}`),
    ...status.reasons.map((reason) => `! ${reason.message} ${reason.next_step}`),
  ].join('\n');
}
