import { type Handlers, limits, OcmeshError } from '@ocmesh/shared/contract';
import { parsePubkey } from '../identity/public-key-text.ts';
import type { HandlerDeps, HandlerOptions } from './handlers.ts';
import { presentPeer } from './present.ts';

export function createPeerHandlers(
  { store, clock }: HandlerDeps,
  { onlineWindowMs }: HandlerOptions,
): Pick<Handlers, 'listPeers' | 'getPeer'> {
  return {
    async listPeers({ online, cursor, limit = limits.pageRows, ...filter }) {
      const nowMs = clock.now();
      return store.read((tables) => {
        // One more than asked for: it tells whether there is a next page.
        const rows = tables.peers.list({
          ...filter,
          limit: limit + 1,
          ...(online === undefined ? {} : { online: { is: online, nowMs, windowMs: onlineWindowMs } }),
          ...(cursor === undefined ? {} : { after: parseCursor(cursor) }),
        });
        const page = rows.slice(0, limit);
        const last = page.at(-1);
        return {
          items: page.map((peer) => presentPeer(tables, peer, nowMs, onlineWindowMs)),
          next_cursor: rows.length > limit && last ? `${last.lastSeenMs}-${last.pubkey}` : null,
        };
      });
    },

    async getPeer(input) {
      const pubkey = parsePubkey(input.pubkey);
      return store.read((tables) => {
        const peer = tables.peers.get(pubkey);
        if (!peer) throw new OcmeshError('peer_unknown');
        return presentPeer(tables, peer, clock.now(), onlineWindowMs);
      });
    },
  };
}

function parseCursor(cursor: string): { lastSeenMs: number; pubkey: string } {
  const [lastSeen = '', pubkey = ''] = cursor.split('-');
  return { lastSeenMs: Number(lastSeen), pubkey };
}
