import type { UnixMs } from '@ocmesh/shared/ambient';
import { OcmeshError } from '@ocmesh/shared/contract';
import type { MessageRecord } from '../model/message.ts';
import type { Tables } from '../ports/store.ts';
import { messagingLimits } from './limits.ts';

export interface Answers {
  readonly messages: readonly MessageRecord[];
  /** Whether they name our message, or only come from its receiver after it. */
  readonly matched: 'reply_to' | 'same_peer_later';
}

/**
 * Returns the answers to a message of ours, oldest first: the replies to it or, if there are none, what its receiver wrote after
 * it, because not every agent names what it answers. A reply to another message of ours is no answer to this one.
 * @throws OcmeshError `message_unknown` if we sent no message with this id
 */
export function findAnswers(
  { messages }: Tables,
  id: string,
  {
    after = 0,
    type,
    shownAtMs,
  }: { readonly after?: number; readonly type?: string; readonly shownAtMs: UnixMs },
): Answers {
  const asked = messages.get(id);
  if (asked?.direction !== 'out')
    throw new OcmeshError('message_unknown', {
      message: 'You sent no message with this id.',
      problem: 'not_sent',
    });
  const later = {
    direction: 'in',
    peer: asked.peer,
    order: 'asc',
    after: Math.max(asked.arrival, after),
    limit: messagingLimits.wait.rows,
    shownAtMs,
    ...(type === undefined ? {} : { type }),
  } as const;
  const replies = messages.list({ ...later, replyTo: id });
  if (replies.length > 0) return { messages: replies, matched: 'reply_to' };
  const namesAnother = ({ replyTo }: MessageRecord): boolean =>
    replyTo !== null && messages.findOutgoing(asked.peer, replyTo) !== null;
  return {
    messages: messages.list(later).filter((message) => !namesAnother(message)),
    matched: 'same_peer_later',
  };
}
