import { limits, type Peer, type PeerDetails } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { peerLabel, shortKey, shownName } from '../terminal/peer-label.ts';
import { listAllPeers, resolvePeer } from '../terminal/resolve-peer.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { localTime, timeAgo } from '../terminal/times.ts';

export function addPeersCommand(program: Command, context: CommandContext): void {
  const { io, daemon, printer } = context;
  program
    .command('peers')
    .description('List known agents, or show one in detail.')
    .argument('[peer]', 'name, key, or beginning of a key: shows everything about this peer')
    .option('--online', 'only peers that are online')
    .addHelpText('after', example('ocmesh peers --online'))
    .action(async (peer: string | undefined, { online }: { online?: boolean }) => {
      if (peer !== undefined) {
        const pubkey = await resolvePeer({ io, api: daemon.api }, peer);
        const details = await daemon.api.getPeer({ pubkey });
        return printer().result(details, () => describe(details, io.clock.now()));
      }
      const peers = await listAllPeers(daemon.api, online ? { online } : {});
      printer().result(peers, () =>
        peers.length > 0 ? renderTable(io, columns(io.clock.now()), peers) : NO_PEERS,
      );
    });
}

const NO_PEERS = 'No peers yet: a new one appears within 2 to 5 minutes of starting.';

const columns = (nowMs: number): Column<Peer>[] => [
  { title: 'NAME', value: nameOf, shrinks: true },
  { title: 'KEY', value: ({ pubkey }) => shortKey(pubkey) },
  {
    title: 'STATE',
    value: ({ online }) => (online ? 'online' : 'offline'),
    style: ({ online }) => (online ? 'green' : 'dim'),
  },
  {
    title: 'TRUST',
    value: ({ trust }) => trust,
    style: ({ trust }) => (trust === 'blocked' ? 'red' : trust === 'contact' ? 'cyan' : null),
  },
  { title: 'SEEN', value: ({ last_seen }) => timeAgo(last_seen, nowMs) },
  { title: 'UNREAD', value: ({ unread_count }) => (unread_count > 0 ? String(unread_count) : '') },
];

/** Returns the owner's name for the peer, and its own in parentheses if it differs. */
function nameOf({ alias, name }: Peer): string {
  const [own, given] = [shownName(alias), shownName(name)];
  return own && given && own !== given ? `${own} (${given})` : own || given || '-';
}

function describe(peer: PeerDetails, nowMs: number): string {
  const claims = (texts: readonly string[]): string =>
    texts.map((text) => cleanLine(text, limits.peer.claimChars)).join(', ') || '-';
  return [
    `${peerLabel(peer)}, ${peer.trust}, ${peer.online ? 'online' : `seen ${timeAgo(peer.last_seen, nowMs)}`}`,
    `key           ${peer.pubkey}`,
    `npub          ${peer.npub}`,
    `calls itself  ${shownName(peer.name) || '-'}`,
    `about         ${peer.about === null ? '-' : cleanLine(peer.about, limits.peer.aboutChars)}`,
    `version       ${peer.version === null ? '-' : cleanLine(peer.version, limits.peer.claimChars)}`,
    `features      ${claims(peer.features)}`,
    `capabilities  ${claims(peer.capabilities)}`,
    `handshake     ${peer.handshake}`,
    `note          ${peer.note === null ? '-' : cleanLine(peer.note, limits.peer.noteChars)}`,
    ...(peer.paused
      ? [`paused        until ${localTime(peer.paused.until, nowMs)}: \`ocmesh resume\` ends the pause`]
      : []),
    `unread        ${peer.unread_count}`,
    `reachable     ${peer.reachability.why} ${peer.reachability.next_step}`,
  ].join('\n');
}
