import {
  limits,
  type Peer,
  type PeerDetails,
  type RelayOutcome,
  type Status,
  withStepsFor,
} from '@ocmesh/shared/contract';
import { cleanLine, cleanText, cutText, untrusted } from '@ocmesh/shared/text';
import { maskQueries } from '@ocmesh/shared/wire';
import { countFitting } from './budget.ts';

// The boundary between what the daemon knows and what others wrote: a model sees the latter only in fields named
// `untrusted_content`.

export const nameChars = limits.peer.nameChars;
/** Characters of a relay's reason and of its URL. */
const reasonChars = 120;
const urlChars = 128;
/** Characters and claims of a peer in a list; `get_peer` returns all of them. */
const listedAboutChars = 200;
const listedClaims = 12;
/** Paused conversations in a status; `get_peer` shows each. */
const pausedRows = 20;
/** Bytes for the relays of a status. */
const relaysBytes = 12_000;

type Shown = Record<string, unknown>;

const lineOrNull = (text: string | null, maxChars: number): string | null =>
  text === null ? null : cleanLine(text, maxChars);

const claims = (list: readonly string[], max: number): string[] =>
  list.slice(0, max).map((claim) => cleanLine(claim, limits.peer.claimChars));

/** A peer alone. */
export const presentPeer = (peer: PeerDetails): Shown => ({
  reachability: withStepsFor('tool', peer).reachability,
  ...shapePeer(peer, limits.peer.aboutChars, limits.peer.claims),
  first_seen: peer.first_seen,
  note: peer.note,
});

/** A peer as one row of a list, with `truncated` if `get_peer` shows more. */
export function presentListedPeer(peer: Peer): Shown {
  const { about, features, capabilities } = peer;
  const whole =
    cutText(about ?? '', listedAboutChars) === (about ?? '') &&
    Math.max(features.length, capabilities.length) <= listedClaims;
  return { ...shapePeer(peer, listedAboutChars, listedClaims), ...(whole ? {} : { truncated: true }) };
}

function shapePeer(peer: Peer, aboutChars: number, maxClaims: number): Shown {
  const { pubkey, npub, alias, online, handshake, trust, paused, unread_count } = peer;
  // REST's way to say "never": a model would take it for a date.
  const last_seen = peer.last_seen.startsWith('1970-01-01T') ? null : peer.last_seen;
  return {
    pubkey,
    npub,
    alias,
    online,
    last_seen,
    handshake,
    trust,
    paused,
    unread_count,
    ...untrusted({
      name: lineOrNull(peer.name, nameChars),
      about: peer.about === null ? null : cutText(cleanText(peer.about), aboutChars),
      capabilities: claims(peer.capabilities, maxClaims),
      features: claims(peer.features, maxClaims),
      version: lineOrNull(peer.version, nameChars),
    }),
  };
}

export function presentStatus(status: Status): Shown {
  const rows = status.relay_status.map(({ url, last_error, ...rest }) =>
    relayRow(rest.role === 'own' || isPlainUrl(url), url, rest, { last_error }),
  );
  const { daemon_version, uptime_seconds, pubkey, npub, name, peer_count, known_peer_count, unread_count } =
    status;
  const { degraded, request_count, outbox, storage, refused_events } = status;
  return {
    daemon_version,
    uptime_seconds,
    pubkey,
    npub,
    name,
    peer_count,
    known_peer_count,
    unread_count,
    degraded,
    reasons: withStepsFor('tool', status).reasons.map((reason) => ({
      ...reason,
      message: maskQueries(reason.message),
    })),
    request_count,
    paused_peers: status.paused_peers.slice(0, pausedRows),
    outbox,
    storage,
    refused_events,
    ...fitRelays('relay_status', rows, relaysBytes),
  };
}

/** Outcome of a message at each relay: `{relays}`, with `relays_left_out` if there are too many. */
export function presentOutcomes(outcomes: readonly RelayOutcome[], bytes: number): Shown {
  const rows = outcomes.map(({ url, outcome, reason, at }) =>
    relayRow(isPlainUrl(url), url, { outcome, at }, { reason }),
  );
  return fitRelays('relays', rows, bytes);
}

/** Peers choose the URLs of their relays: a long host, one with several hyphens or many labels, or a path can be a sentence. */
const isPlainUrl = (url: string): boolean =>
  /^wss?:\/\/(?=[^/]{1,40}\/?$)[a-z0-9]+(?:-[a-z0-9]+)?(?:\.[a-z0-9]+){0,3}(?::\d{1,5})?\/?$/.test(url);

function relayRow(named: boolean, url: string, known: Shown, said: Record<string, string | null>): Shown {
  const shownUrl = { url: cleanLine(maskQueries(url), urlChars) };
  const spoken = Object.entries(said).flatMap(([name, words]) =>
    words === null ? [] : [[name, cleanLine(maskQueries(words), reasonChars)]],
  );
  const words = { ...(named ? {} : shownUrl), ...Object.fromEntries(spoken) };
  return {
    ...(named ? shownUrl : {}),
    ...known,
    ...(Object.keys(words).length > 0 ? untrusted(words) : {}),
  };
}

function fitRelays(field: string, rows: readonly unknown[], bytes: number): Shown {
  const kept = countFitting(rows, bytes);
  const leftOut = rows.length - kept;
  return { [field]: rows.slice(0, kept), ...(leftOut > 0 ? { relays_left_out: leftOut } : {}) };
}
