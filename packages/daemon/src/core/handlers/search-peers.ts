import { type Input, limits, type Output } from '@ocmesh/shared/contract';
import { createMatcher } from '../mesh/match-claims.ts';
import { searchPeers } from '../mesh/search-peers.ts';
import type { HandlerDeps, HandlerOptions } from './deps.ts';
import { presentAsked, presentPeer } from './present.ts';

type Search = Omit<Input<'listPeers'>, 'can'> & { readonly can: string };

/** Finds peers by what they say they can do. If too few are known, the relays are asked, too. */
export function createSearchPeers(
  {
    store,
    clock,
    confirmedDate,
    cursors,
    loopGuard,
    askRelays,
  }: Pick<HandlerDeps, 'store' | 'clock' | 'confirmedDate' | 'cursors' | 'loopGuard' | 'askRelays'>,
  { onlineWindowMs }: HandlerOptions,
): (search: Search) => Promise<Output<'listPeers'>> {
  function findKnown({ can, online, cursor, limit = limits.http.foundPeers, ...filter }: Search) {
    const matcher = createMatcher(can);
    const nowMs = clock.now();
    const context = { nowMs, shownAtMs: confirmedDate(), onlineWindowMs, loopGuard };
    const after = cursor === undefined ? null : cursors.readPage(cursor);
    const selection = {
      ...filter,
      ...(online === undefined ? {} : { online: { is: online, nowMs, windowMs: onlineWindowMs } }),
    };
    return store.read((tables) => {
      const { ranked, known, announcing } = searchPeers(tables, matcher, selection);
      const from = after === null ? 0 : startOf(ranked, after);
      const page = ranked.slice(from, from + limit);
      const last = page.at(-1);
      return {
        items: page
          .flatMap((pubkey) => tables.peers.get(pubkey) ?? [])
          .map((peer) => presentPeer(tables, peer, context)),
        next_cursor:
          last && from + limit < ranked.length ? cursors.showPage(`${from + page.length}-${last}`) : null,
        counts: { known, announcing, matching: ranked.length },
      };
    });
  }

  return async (search) => {
    const found = await findKnown(search);
    const isEnough = found.counts.matching >= (search.limit ?? limits.http.foundPeers);
    if (isEnough || search.cursor !== undefined) return found;
    const answers = await askRelays.question(createMatcher(search.can).labels, search.can);
    return { ...(await findKnown(search)), ...presentAsked(answers) };
  };
}

/** Returns where the next page starts: behind the last peer of the one before, wherever that is now, or where it was. */
function startOf(ranked: readonly string[], [count = '', last = '']: readonly string[]): number {
  const at = ranked.indexOf(last);
  return at === -1 ? Number(count) : at + 1;
}
