import { limits, type Request } from '@ocmesh/shared/contract';
import { cleanLine, cleanText, cutText, isPlainId, untrusted } from '@ocmesh/shared/text';
import { fitWithIds } from './budget.ts';
import { toolLimits } from './limits.ts';
import { presentListedPeer } from './present.ts';

type Shown = Record<string, unknown>;

/** Requests that fit into a result, and the keys of the others. */
export function fitRequests(requests: readonly Request[]): Shown {
  const keys = requests.map(({ peer }) => peer.pubkey);
  const { rows, left_out_ids } = fitWithIds(requests.map(presentRequest), keys);
  return {
    requests: rows,
    ...(left_out_ids.length > 0 ? { left_out: left_out_ids.length, left_out_keys: left_out_ids } : {}),
  };
}

function presentRequest({ direction, since, peer, message_count, messages }: Request): Shown {
  return {
    direction,
    since,
    peer: presentListedPeer(peer),
    message_count,
    messages: messages.map(({ id, type, content, timestamp }) => {
      const named = id === null || isPlainId(id);
      const head = { id: named ? id : null, timestamp };
      const shown = cutText(cleanText(content), toolLimits.listedChars);
      // Written by our own agent.
      if (direction === 'out') return { ...head, content: shown };
      const words = { type: cleanLine(type, limits.message.typeChars), content: shown };
      return {
        ...head,
        ...untrusted(named ? words : { ...words, id: cleanLine(id, limits.message.idChars) }),
      };
    }),
  };
}
