import { toUnixSec } from '@ocmesh/shared/ambient';
import { parsePayload } from '@ocmesh/shared/wire';
import type { Identity, OpenedDm } from '../identity/identity.ts';
import type { EventHandler } from '../ingest/inspect.ts';
import { accept, type RefusalReason, type Refused, refuse } from '../model/verdict.ts';
import { checkAs } from '../trust/verification-rates.ts';
import { meshLimits } from './limits.ts';

/** Refuses a ping without keeping its id: relays do not keep it either, and a flood must cost no room on disk. */
const forget = (reason: RefusalReason): Refused => ({ ...refuse(reason), remembered: 'no' });

/** Reads pings and pongs, which come in ephemeral gift wraps. Changes nothing: those that are waiting for them do. */
export function createPingHandler({ identity }: { readonly identity: Identity }): EventHandler {
  return {
    remember: false,
    classify: () => checkAs.ping,
    open(event, nowMs) {
      if (Math.abs(event.created_at - toUnixSec(nowMs)) > meshLimits.ping.freshSeconds)
        return refuse('too_old');
      let dm: OpenedDm;
      try {
        dm = identity.openDm(event);
      } catch {
        return forget('undecryptable');
      }
      const { kind } = parsePayload(dm.plaintext);
      const id = kind === 'ping' ? dm.id : kind === 'pong' ? dm.replyTo : null;
      if (id === null) return refuse('unwanted_kind');
      // A relay can put an old ping into a new wrap only if it knows what is inside.
      const writtenMs = Math.min(dm.createdAtSec * 1000, nowMs);
      if (nowMs - writtenMs > meshLimits.ping.freshSeconds * 1000) return refuse('too_old');
      return accept({
        sortSec: dm.createdAtSec,
        sortSeq: 0,
        apply(tables, { url }) {
          const peer = tables.peers.get(dm.author);
          if (!peer || peer.trust === 'blocked') return forget(peer ? 'blocked' : 'stranger');
          const type = kind === 'ping' ? 'ping.received' : 'pong.received';
          return accept([{ type, peer: dm.author, id, url, writtenMs }]);
        },
      });
    },
  };
}
