import { handlesOf } from '@ocmesh/shared/contract';
import { cleanLine, isPlainId } from '@ocmesh/shared/text';
import { knownTypes } from '@ocmesh/shared/wire';
import { watchLimits } from './limits.ts';
import type { NewMessage, News } from './read-news.ts';

/** One announcement: a line that the daemon's side wrote. It holds no word that a peer chose. */
export interface Line {
  readonly kind: 'message' | 'request' | 'paused' | 'test';
  readonly count: number;
  /** Ids of the messages; none for requests and paused conversations. */
  readonly ids: readonly string[];
  /** Handles of the peers, each once. */
  readonly from: readonly string[];
  readonly text: string;
}

/** Returns at most one line of each kind. */
export function linesOf({ messages, requests, paused, test }: News): Line[] {
  return [
    ...(test === null ? [] : [testLine(test)]),
    ...(messages.length > 0 ? [messageLine(messages)] : []),
    ...(requests.length > 0
      ? [
          otherLine(
            'request',
            requests.map(({ peer }) => peer.pubkey),
            'wait for the owner: `ocmesh requests`',
          ),
        ]
      : []),
    ...(paused.length > 0
      ? [otherLine('paused', paused, 'paused as a loop: `ocmesh resume` ends the pause')]
      : []),
  ];
}

function messageLine(messages: readonly NewMessage[]): Line {
  const listed = messages.slice(0, watchLimits.listed);
  const left = messages.length - listed.length;
  const handles = handlesOf(messages.map(({ message }) => message.from));
  const parts = listed.map(({ message, alias }, n) => {
    const who = alias === null ? '' : ` "${cleanLine(alias, watchLimits.aliasChars).replaceAll('"', "'")}"`;
    const type = knownTypes.includes(message.type) ? message.type : 'other';
    return `${idOf(message.id)} from ${handles[n]}${who} (${message.trust}, ${type})`;
  });
  if (left > 0) parts.push(`and ${left} more`);
  return {
    kind: 'message',
    count: messages.length,
    ids: listed.map(({ message }) => message.id).filter(isPlainId),
    from: [...new Set(handles)].slice(0, watchLimits.listed),
    text: `ocmesh: message: ${messages.length} unread: ${parts.join('; ')}`,
  };
}

/** Begins like the line of a message: what filters lines has to let it through. */
const testLine = (id: string): Line => ({
  kind: 'test',
  count: 1,
  ids: [id],
  from: [],
  text: `ocmesh: message: 0 unread: ${id} is a test by your owner: there is nothing to read or answer`,
});

/** An id that reads like words may be meant as words: its sender chose it. */
const idOf = (id: string): string => (isPlainId(id) ? id : 'a message');

function otherLine(kind: Line['kind'], pubkeys: readonly string[], what: string): Line {
  const from = [...new Set(handlesOf(pubkeys))].slice(0, watchLimits.listed);
  return {
    kind,
    count: pubkeys.length,
    ids: [],
    from,
    text: `ocmesh: ${kind}: ${pubkeys.length} ${what} (${from.join(', ')})`,
  };
}
