import type { UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { PeerSelection, Tables } from '../ports/store.ts';
import type { Matcher } from './match-claims.ts';

export interface Found {
  /** Every peer that matches, the best match first; of equal ones those that claim less, then the last seen. */
  readonly ranked: readonly Pubkey[];
  /** Peers that were searched. */
  readonly known: number;
  /** Those among them that announce a capability or a description. */
  readonly announcing: number;
}

interface Hit {
  readonly pubkey: Pubkey;
  readonly score: number;
  readonly claimed: number;
  readonly lastSeenMs: UnixMs;
}

/** Ranks the peers of a selection by how well their claims match. Looks at all of them: see docs/adr/0032-profile.md for the cost. */
export function searchPeers({ peers }: Tables, matcher: Matcher, selection: PeerSelection): Found {
  const hits: Hit[] = [];
  let known = 0;
  let announcing = 0;
  for (const { pubkey, lastSeenMs, ...claims } of peers.claims(selection)) {
    known++;
    if (claims.about !== null || claims.capabilities.length > 0) announcing++;
    const score = matcher.score(claims);
    if (score > 0) hits.push({ pubkey, score, claimed: claims.capabilities.length, lastSeenMs });
  }
  hits.sort(byRank);
  return { ranked: hits.map(({ pubkey }) => pubkey), known, announcing };
}

const byRank = (a: Hit, b: Hit): number =>
  b.score - a.score || a.claimed - b.claimed || b.lastSeenMs - a.lastSeenMs || (a.pubkey < b.pubkey ? -1 : 1);
