import { type Delivery, limits, type Message } from '@ocmesh/shared/contract';
import { cleanJson, cleanLine, cleanText } from '@ocmesh/shared/text';
import type { Paint } from './output.ts';
import { senderLabel, shortKey } from './peer-label.ts';
import { localTime } from './times.ts';

const SHORT_ID_CHARS = 8;

export const shortId = (id: string): string => cleanLine(id, SHORT_ID_CHARS);

/** Returns the content of a message as text; messages with a type also show their data. */
export function bodyText({ type, content, data, subject }: Message): string {
  const parts = [cleanText(content)];
  if (subject !== null) parts.unshift(`Subject: ${cleanLine(subject, limits.message.subjectChars)}`);
  if (type !== 'text') parts.unshift(`[${cleanLine(type, limits.message.typeChars)}]`);
  if (data !== null) parts.push(JSON.stringify(cleanJson(data), null, 2));
  return parts.filter((part) => part !== '').join('\n');
}

/** Puts a bar before every line: text by others cannot fake one of our lines. */
export const quoted = (text: string): string =>
  text
    .split('\n')
    .map((line) => `│ ${line.replaceAll('\t', '    ')}`)
    .join('\n');

/** Says how many messages are missing before this one; null if none is known to be. */
export const missingText = ({ missing_before: count }: Message): string | null =>
  count === 0
    ? null
    : count === 1
      ? '1 earlier message of this agent has not arrived.'
      : `${count} earlier messages of this agent have not arrived.`;

/** Says how many others got the message. */
const groupText = ({ recipients, to }: Message): string => {
  const others = recipients.filter((one) => one !== to).length;
  return others === 0 ? '' : `, also to ${others} ${others === 1 ? 'other' : 'others'}`;
};

/** Formats one message in full. */
export function messageText(message: Message, nowMs: number, paint: Paint): string {
  const { id, direction, to, trust, reply_to, delivery } = message;
  const time = localTime(message.timestamp, nowMs);
  const who =
    direction === 'in'
      ? `from ${senderLabel(message)} (${trust}, ${shortKey(message.from)})${groupText(message)}`
      : `to ${shortKey(to)}: ${delivery.state}`;
  const head = `${paint('bold', who)}  ${time}  ${paint('dim', shortId(id))}${reply_to === null ? '' : `, reply to ${shortId(reply_to)}`}`;
  const relays =
    direction === 'in'
      ? []
      : [
          ...keptText(delivery),
          ...delivery.relays.map(({ url, outcome, reason }) => `  ${relayText(url, outcome, reason)}`),
        ];
  const missing = missingText(message);
  return [
    ...(missing === null ? [] : [paint('dim', missing)]),
    head,
    quoted(bodyText(message)),
    ...relays,
  ].join('\n');
}

/** Warns of a message that relays accepted of which none is known to keep messages: an OK alone proves nothing. */
const keptText = ({ state, kept_by }: Delivery): string[] =>
  state === 'published' && kept_by === 0
    ? [
        '  Relays accepted it, but none of them is known to keep messages. `ocmesh relays` shows what they do.',
      ]
    : [];

const relayText = (url: string, outcome: string, reason: string | null): string =>
  `${outcome} ${cleanLine(url, limits.relay.urlChars)}${reason === null ? '' : `: ${cleanLine(reason, limits.relay.reasonChars)}`}`;
