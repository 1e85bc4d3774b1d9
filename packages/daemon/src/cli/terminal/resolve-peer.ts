import { createInterface } from 'node:readline/promises';
import type { CallContext, Handlers, Input, Peer } from '@ocmesh/shared/contract';
import { isPubkey } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import { parsePubkey } from '../../core/identity/public-key-text.ts';
import { CommandError } from './failure.ts';
import type { Io } from './io.ts';
import { peerLabel, shortKey, shownName } from './peer-label.ts';

/** Fewer would fit too many keys. */
const LEAST_PREFIX = 4;
/** More cannot be looked through; and a name that so many bear is no name. */
const MOST_ASKED = 20;
const ARGUMENT_CHARS = 100;

type Candidate = Pick<Peer, 'pubkey' | 'npub' | 'name' | 'alias' | 'trust' | 'online'>;

export interface ResolveOptions {
  /** Who may be meant at all. Default: every known peer. */
  readonly among?: readonly Candidate[];
  /** Where several fit, only these count, if there are any: who is to be unblocked is blocked. */
  readonly prefer?: (peer: Candidate) => boolean;
}

/** A key that stands there in full. @throws OcmeshError `invalid_pubkey` where it looks like one and is none */
export function fullKey(text: string): string | null {
  const bare = text
    .trim()
    .toLowerCase()
    .replace(/^nostr:/, '');
  return isPubkey(bare) || /^(npub|nprofile)1[a-z0-9]{50,}$/.test(bare) ? parsePubkey(bare) : null;
}

/**
 * The key of the peer that a person means: by its key, the owner's name for it, its own name, or the beginning of its key.
 * Where several fit, the terminal asks; nothing is guessed.
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
  const fitting = matchPeers(options.among ?? (await everyPeer(api)), text);
  const preferred = options.prefer ? fitting.filter(options.prefer) : [];
  const candidates = preferred.length > 0 ? preferred : fitting;
  const [only, ...others] = candidates;
  if (!only) {
    const why = isShortStart(text)
      ? `the beginning of a key takes at least ${LEAST_PREFIX} characters`
      : 'no key of one begins so';
    throw new CommandError(
      'peer_not_found',
      `No peer is called "${shown}", and ${why}.`,
      '`ocmesh peers` lists them; a new one appears within 2 to 5 minutes of starting.',
    );
  }
  return others.length === 0 ? only.pubkey : askWhich(io, shown, candidates);
}

/** Those that the owner calls so. */
export const petnamedPeers = (peers: readonly Candidate[], text: string): Candidate[] =>
  peers.filter(({ alias }) => alias !== null && comparable(alias) === typed(text));

/** Those that the text names: the owner's names go before all others, as nobody else can give one. */
export function matchPeers(peers: readonly Candidate[], text: string): Candidate[] {
  const wanted = typed(text);
  if (wanted === '') return [];
  const petnamed = petnamedPeers(peers, text);
  if (petnamed.length > 0) return petnamed;
  const isPrefix =
    /^[0-9a-f]+$/.test(wanted) && wanted.length >= LEAST_PREFIX
      ? ({ pubkey }: Candidate) => pubkey.startsWith(wanted)
      : /^npub1./.test(wanted) && wanted.length >= 'npub1'.length + LEAST_PREFIX
        ? ({ npub }: Candidate) => npub.startsWith(wanted)
        : () => false;
  return peers.filter((peer) => comparable(peer.name) === wanted || isPrefix(peer));
}

/** Never cut: with more behind a key it is not that key. */
const typed = (text: string): string => folded(cleanLine(text, text.length));
const isShortStart = (text: string): boolean =>
  new RegExp(`^([0-9a-f]{1,${LEAST_PREFIX - 1}}|npub1.{0,${LEAST_PREFIX - 1}})$`).test(typed(text));

const folded = (text: string): string => text.normalize('NFKC').toLowerCase();
const comparable = (name: string | null): string => folded(shownName(name));

/** All pages of the list. */
export async function everyPeer(
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

async function askWhich(io: Io, shown: string, candidates: readonly Candidate[]): Promise<string> {
  if (!io.stdin.isTTY || !io.stderr.isTTY || candidates.length > MOST_ASKED) {
    const keys = candidates.slice(0, MOST_ASKED);
    throw new CommandError(
      'peer_ambiguous',
      `"${shown}" fits ${candidates.length} peers:\n${keys.map((peer) => `  ${describe(peer)}`).join('\n')}`,
      'Name one by its key, or give it a name of your own: `ocmesh alias <key> <name>`.',
      { candidates: keys.map(({ pubkey, name, alias, trust }) => ({ pubkey, name, alias, trust })) },
    );
  }
  const list = candidates.map((peer, i) => `  ${i + 1}  ${describe(peer)}\n`).join('');
  io.stderr.write(`"${shown}" fits ${candidates.length} peers:\n${list}`);
  const terminal = createInterface({ input: io.stdin, output: io.stderr });
  // Left with Ctrl-C or Ctrl-D.
  const left = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([terminal.question(`Which one? 1 to ${candidates.length}: `), left]);
    const chosen = /^\d+$/.test(answer.trim()) ? candidates[Number(answer) - 1] : undefined;
    if (chosen) return chosen.pubkey;
  } finally {
    terminal.close();
  }
  throw new CommandError('cancelled', 'None was chosen.', 'Nothing was done.');
}
