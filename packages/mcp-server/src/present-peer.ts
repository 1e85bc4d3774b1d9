import { limits, type Peer, type PeerDetails, withStepsFor } from '@ocmesh/shared/contract';
import { cleanLine, cleanText, cutText } from '@ocmesh/shared/text';
import { handleOf, minuteOf, quoted } from './facts.ts';
import { toolLimits } from './limits.ts';
import type { Shown, Words } from './result.ts';

/** REST's way to say "never": a model would take it for a date. */
const wasSeen = ({ last_seen }: Peer): boolean => !last_seen.startsWith('1970-01-01T');

const claims = (list: readonly string[], max: number): string =>
  list
    .slice(0, max)
    .map((claim) => cleanLine(claim, limits.peer.claimChars))
    .join(', ');

function headOf(peer: Peer): string {
  const { pubkey, online, trust, alias, unread_count, paused } = peer;
  const seen = wasSeen(peer) ? `offline, seen ${peer.last_seen.slice(0, 10)}` : 'never seen';
  return [
    handleOf(pubkey),
    ...(alias === null ? [] : [quoted(alias)]),
    online ? 'online' : seen,
    trust,
    ...(unread_count > 0 ? [`${unread_count} unread`] : []),
    ...(paused === null ? [] : [`paused until ${minuteOf(paused.until)}`]),
  ].join(' | ');
}

/** A peer as one row of a list. */
export function presentListedPeer(peer: Peer): Shown {
  const can = claims(peer.capabilities, toolLimits.listedClaims);
  const words = [
    cleanLine(peer.name ?? '', limits.peer.nameChars),
    can && `can: ${can}`,
    cleanLine(peer.about ?? '', toolLimits.listedAboutChars),
  ].filter(Boolean);
  return { known: [headOf(peer)], theirs: words.length > 0 ? [['', words.join(' | ')]] : [] };
}

/** A peer alone. */
export function presentPeer(peer: PeerDetails): Shown {
  const { state, why, next_step } = withStepsFor('tool', peer).reachability;
  const words: Words = [
    ['name', cleanLine(peer.name ?? '', limits.peer.nameChars)],
    ['about', cutText(cleanText(peer.about ?? ''), limits.peer.aboutChars)],
    ['can', claims(peer.capabilities, limits.peer.claims)],
    ['features', claims(peer.features, limits.peer.claims)],
    ['version', cleanLine(peer.version ?? '', limits.peer.nameChars)],
  ];
  return {
    known: [
      headOf(peer),
      `key: ${peer.pubkey}`,
      `reachability: ${state}. ${why} ${next_step}`,
      `handshake: ${peer.handshake}; known since ${peer.first_seen.slice(0, 10)}${
        wasSeen(peer) ? `; last sign of life ${minuteOf(peer.last_seen)}` : ''
      }`,
      ...(peer.note === null ? [] : [`your user's note: ${quoted(peer.note)}`]),
    ],
    theirs: words.filter(([, text]) => text !== ''),
  };
}
