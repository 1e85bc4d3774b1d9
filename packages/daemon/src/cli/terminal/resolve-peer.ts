import { createInterface } from 'node:readline/promises';
import type { CallContext, Handlers, Input, Peer } from '@ocmesh/shared/contract';
import { foldName, isPubkey, matchPeers as matchHandles } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import { parsePubkey } from '../../core/identity/public-key-text.ts';
import { CommandError } from './failure.ts';
import type { Io } from './io.ts';
import { peerLabel, shortKey, shownName } from './peer-label.ts';

/** Shorter prefixes would match too many keys. A person sees the whole list, so that fewer digits do than elsewhere. */
const MIN_PREFIX = 4;
/** A longer list to choose from is of no use. */
const MAX_CHOICES = 20;
const ARGUMENT_CHARS = 100;

type Candidate = Pick<Peer, 'pubkey' | 'npub' | 'name' | 'alias' | 'trust' | 'online'>;

export interface ResolveOptions {
  /** Peers to choose from. Default: every known peer. */
  readonly among?: readonly Candidate[];
  /** If several match, prefers these: for `unblock`, those that are blocked. */
  readonly prefer?: (peer: Candidate) => boolean;
}

/** Returns the key if the text is a full one, else null. @throws OcmeshError `invalid_pubkey` if it only looks like one */
export function fullKey(text: string): string | null {
  const bare = text
    .trim()
    .toLowerCase()
    .replace(/^nostr:/, '');
  return isPubkey(bare) || /^(npub|nprofile)1[a-z0-9]{50,}$/.test(bare) ? parsePubkey(bare) : null;
}

/**
 * Returns the key of the peer that the text names: by its key, the owner's name for it, its own name, or the beginning
 * of its key. If several match, it asks at the terminal; it never guesses.
 * @throws CommandError `peer_ambiguous` without a terminal, `peer_not_found`
 */
export async function resolvePeer(
  { io, api }: { readonly io: Io; readonly api: Pick<Handlers, 'listPeers'> },
  text: string,
  options: ResolveOptions = {},
): Promise<string> {
  const key = fullKey(text);
  if (key !== null) return key;
  const shown = cleanLine(text, ARGUMENT_CHARS);
  const matches = matchPeers(options.among ?? (await listAllPeers(api)), text);
  const preferred = options.prefer ? matches.filter(options.prefer) : [];
  const candidates = preferred.length > 0 ? preferred : matches;
  const [only, ...others] = candidates;
  if (!only) {
    const why = isShortPrefix(text)
      ? `, and the beginning of a key needs at least ${MIN_PREFIX} characters.`
      : ` and no key starting with "${shown}".`;
    throw new CommandError(
      'peer_not_found',
      `No peer named "${shown}"${why}`,
      '`ocmesh peers` lists the known ones. A new peer appears within 2 to 5 minutes of its start.',
    );
  }
  return others.length === 0 ? only.pubkey : choosePeer(io, shown, candidates);
}

/** Returns the peers to which the owner gave this name. */
export const petnamedPeers = (peers: readonly Candidate[], text: string): Candidate[] =>
  matchHandles(peers, text).filter(({ alias }) => alias !== null && foldName(alias) === foldName(text));

/**
 * Returns the peers that the text names by the rule for all callers and, because a person sees which one it is, also by the
 * beginning of their npub and by the name they gave themselves.
 */
export function matchPeers(peers: readonly Candidate[], text: string): Candidate[] {
  const wanted = foldName(text);
  if (wanted === '') return [];
  const petnamed = petnamedPeers(peers, text);
  if (petnamed.length > 0) return petnamed;
  const byKey = new Set(matchHandles(peers, text, MIN_PREFIX));
  const isNpub = /^npub1./.test(wanted) && wanted.length >= 'npub1'.length + MIN_PREFIX;
  return peers.filter(
    (peer) =>
      byKey.has(peer) ||
      foldName(shownName(peer.name)) === wanted ||
      (isNpub && peer.npub.startsWith(wanted)),
  );
}

const isShortPrefix = (text: string): boolean =>
  new RegExp(`^([0-9a-f]{1,${MIN_PREFIX - 1}}|npub1.{0,${MIN_PREFIX - 1}})$`).test(foldName(text));

/** Returns all peers, page by page. */
export async function listAllPeers(
  api: Pick<Handlers, 'listPeers'>,
  filter: Pick<Input<'listPeers'>, 'online'> = {},
  context?: CallContext,
): Promise<Peer[]> {
  const peers: Peer[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await api.listPeers({ ...filter, ...(cursor ? { cursor } : {}) }, context);
    peers.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return peers;
}

const describe = (peer: Candidate): string =>
  `${peerLabel(peer)}  ${shortKey(peer.pubkey)}  ${peer.trust}, ${peer.online ? 'online' : 'offline'}`;

async function choosePeer(io: Io, shown: string, candidates: readonly Candidate[]): Promise<string> {
  if (!io.stdin.isTTY || !io.stderr.isTTY || candidates.length > MAX_CHOICES) {
    const keys = candidates.slice(0, MAX_CHOICES);
    throw new CommandError(
      'peer_ambiguous',
      `"${shown}" matches ${candidates.length} peers:\n${keys.map((peer) => `  ${describe(peer)}`).join('\n')}`,
      'Use the key, or give one a name of your own: `ocmesh alias <key> <name>`.',
      { candidates: keys.map(({ pubkey, name, alias, trust }) => ({ pubkey, name, alias, trust })) },
    );
  }
  const list = candidates.map((peer, i) => `  ${i + 1}  ${describe(peer)}\n`).join('');
  io.stderr.write(`"${shown}" matches ${candidates.length} peers:\n${list}`);
  const terminal = createInterface({ input: io.stdin, output: io.stderr });
  // Ctrl-C or Ctrl-D.
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([terminal.question(`Which one? 1 to ${candidates.length}: `), closed]);
    const chosen = /^\d+$/.test(answer.trim()) ? candidates[Number(answer) - 1] : undefined;
    if (chosen) return chosen.pubkey;
  } finally {
    terminal.close();
  }
  throw new CommandError('cancelled', 'No peer was chosen.', 'Nothing was done.');
}
