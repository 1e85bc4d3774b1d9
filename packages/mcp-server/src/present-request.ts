import { limits, type Request } from '@ocmesh/shared/contract';
import { cleanLine, cleanText, cutText } from '@ocmesh/shared/text';
import { countFitting } from './budget.ts';
import { counted, handleOf, minuteOf } from './facts.ts';
import { toolLimits } from './limits.ts';
import { presentListedPeer } from './present-peer.ts';
import type { Shown, ToolResult, Words } from './result.ts';

/** Characters of a held message in the list of requests: enough to decide. */
const messageChars = toolLimits.listedChars;
/** Keys of requests that do not fit, which are named so that get_peer shows them. */
const namedRest = 50;

/** Requests that fit into a result, and the handles of the others. */
export function presentRequests(requests: readonly Request[]): ToolResult {
  const rows = requests.map(presentRequest);
  const fitting = countFitting(rows);
  const rest = requests.slice(fitting).map(({ peer }) => handleOf(peer.pubkey));
  const more = rest.length > 0 ? [`${rest.length} more: ${rest.slice(0, namedRest).join(' ')}`] : [];
  return {
    known: [`${counted(requests.length, 'request')} for your user to decide`, ...more],
    rows: rows.slice(0, fitting),
  };
}

function presentRequest({ direction, since, peer, message_count, messages }: Request): Shown {
  const { known, theirs = [] } = presentListedPeer(peer);
  const says = (type: string, content: string): Words => {
    const text = cutText(cleanText(content), messageChars);
    return type === 'text'
      ? [['wrote', text]]
      : [
          ['type', cleanLine(type, limits.message.typeChars)],
          ['wrote', text],
        ];
  };
  const incoming = direction === 'in';
  return {
    known: [
      `${known} | ${incoming ? `wants to write to this agent, ${message_count} held` : 'this agent wants to write to it'} | since ${minuteOf(since)}`,
    ],
    ...(incoming ? {} : { ours: messages.map(({ content }) => ['unsent', cutText(content, messageChars)]) }),
    theirs: [...theirs, ...(incoming ? messages.flatMap(({ type, content }) => says(type, content)) : [])],
  };
}
