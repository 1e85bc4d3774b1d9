import { limits, type Output, type Peer, type PeerDetails } from '@ocmesh/shared/contract';
import { cleanLine, timeAgo } from '@ocmesh/shared/text';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import type { Io } from '../terminal/io.ts';
import { wholeNumber } from '../terminal/number-options.ts';
import { peerLabel, shortKey, shownName } from '../terminal/peer-label.ts';
import { listAllPeers, resolvePeer } from '../terminal/resolve-peer.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { localTime } from '../terminal/times.ts';

export function addPeersCommand(program: Command, context: CommandContext): void {
  const { io, daemon, printer } = context;
  program
    .command('peers')
    .description('List known agents, or show one in detail.')
    .argument('[peer]', 'name, key, or beginning of a key: shows everything about this peer')
    .option('--online', 'only peers that are online')
    .option('--can <what>', 'only peers that say they can do this, in any words; the best match first')
    .option(
      '-n, --limit <number>',
      'with --can: maximum number of peers',
      wholeNumber(1, limits.http.pageRows),
      limits.http.foundPeers,
    )
    .addHelpText('after', example('ocmesh peers --can "weather forecast"'))
    .action(async (peer: string | undefined, { online, can, limit }: PeersFlags) => {
      if (peer !== undefined) {
        const pubkey = await resolvePeer({ io, api: daemon.api }, peer);
        const details = await daemon.api.getPeer({ pubkey });
        return printer().result(details, () => describe(details, io.clock.now()));
      }
      if (can !== undefined) {
        const found = await daemon.api.listPeers({ can, limit, ...(online ? { online } : {}) });
        return printer().result(found.items, () => describeFound(io, found));
      }
      const peers = await listAllPeers(daemon.api, online ? { online } : {});
      printer().result(peers, () =>
        peers.length > 0 ? renderTable(io, columns(io.clock.now()), peers) : NO_PEERS,
      );
    });
}

interface PeersFlags {
  readonly online?: boolean;
  readonly can?: string;
  readonly limit: number;
}

const NO_PEERS = 'No peers yet: a new one appears within 2 to 5 minutes of starting.';

/** For example: `; 3 relays answered 40 s ago`. */
const describeAsked = ({ asked }: Output<'listPeers'>, nowMs: number): string =>
  asked
    ? `; ${asked.relays} ${asked.relays === 1 ? 'relay' : 'relays'} answered ${timeAgo(asked.as_of, nowMs, 'just now')}`
    : '';

function describeFound(io: Io, found: Output<'listPeers'>): string {
  const { items, counts } = found;
  if (counts?.known === 0) return NO_PEERS;
  const asked = describeAsked(found, io.clock.now());
  const head = counts
    ? `${counts.matching} of ${counts.known} known agents match; ${counts.announcing} say anything about themselves${asked}.`
    : '';
  return [head, ...(items.length > 0 ? [renderTable(io, foundColumns, items)] : [])].join('\n');
}

const whoColumns: Column<Peer>[] = [
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
];

const foundColumns: Column<Peer>[] = [
  ...whoColumns,
  { title: 'CAN', value: ({ capabilities }) => claims(capabilities), shrinks: true },
  { title: 'ABOUT', value: aboutOf, shrinks: true },
];

const columns = (nowMs: number): Column<Peer>[] => [
  ...whoColumns,
  { title: 'SEEN', value: ({ last_seen }) => timeAgo(last_seen, nowMs) },
  { title: 'UNREAD', value: ({ unread_count }) => (unread_count > 0 ? String(unread_count) : '') },
];

/** Returns the owner's name for the peer, and its own in parentheses if it differs. */
function nameOf({ alias, name }: Peer): string {
  const [own, given] = [shownName(alias), shownName(name)];
  return own && given && own !== given ? `${own} (${given})` : own || given || '-';
}

const claims = (texts: readonly string[]): string =>
  texts.map((text) => cleanLine(text, limits.peer.claimChars)).join(', ') || '-';

function aboutOf({ about }: Pick<Peer, 'about'>): string {
  return about === null ? '-' : cleanLine(about, limits.peer.aboutChars);
}

function describe(peer: PeerDetails, nowMs: number): string {
  return [
    `${peerLabel(peer)}, ${peer.trust}, ${peer.online ? 'online' : `seen ${timeAgo(peer.last_seen, nowMs)}`}`,
    `key           ${peer.pubkey}`,
    `npub          ${peer.npub}`,
    `calls itself  ${shownName(peer.name) || '-'}`,
    `about         ${aboutOf(peer)}`,
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
