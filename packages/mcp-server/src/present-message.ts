import { limits, type Message } from '@ocmesh/shared/contract';
import { cleanJson, cleanLine, cleanText, cutText, inertJson, isPlainId } from '@ocmesh/shared/text';
import { knownTypes } from '@ocmesh/shared/wire';
import { cutToFit } from './budget.ts';
import { handleOf, minuteOf } from './facts.ts';
import { toolLimits } from './limits.ts';
import { presentRelays } from './present-relays.ts';
import type { Shown, Words } from './result.ts';

const CUT = 'cut: get_message has all of it';

interface ListedOptions {
  /** Whether every message of the list is unread, so that none has to say it. */
  readonly allUnread?: boolean;
}

/** A message as one row of a list, with long texts cut. */
export function presentListed(message: Message, { allUnread = false }: ListedOptions = {}): Shown {
  const { content, data } = bodyOf(message);
  const text = cutText(content, toolLimits.listedChars);
  const json = data === null ? null : cutText(data, toolLimits.listedChars);
  const notes = [
    ...(message.direction === 'in' && !message.read && !allUnread ? ['unread'] : []),
    ...(text === content && json === data ? [] : [CUT]),
  ];
  return shown(message, { head: headOf(message, notes), text, data: json, label: '' });
}

/** A message alone, cut only if it is too long for a result. */
export function presentMessage(message: Message, head: readonly string[] = []): Shown {
  const { content, data } = bodyOf(message);
  const relays = presentRelays(message.direction === 'in' ? [] : outcomesOf(message));
  const notes = message.direction === 'in' && !message.read ? ['unread'] : [];
  const show = (text: string, json: string | null, more: readonly string[] = notes): Shown => {
    const {
      known,
      ours,
      theirs = [],
    } = shown(message, {
      head: headOf(message, more),
      text,
      data: json,
      label: 'text',
    });
    return {
      known: [...known, ...head, ...relays.known],
      ...(ours && { ours }),
      theirs: [...theirs, ...relays.theirs],
    };
  };
  const text = cutToFit(content, (cut) => show(cut, null));
  const json = data === null ? null : cutToFit(data, (cut) => show(text, cut));
  return text === content && json === data
    ? show(text, json)
    : show(text, json, [...notes, 'cut: too long to show']);
}

/** Text and data of a message; data that only repeats the text is left out. */
function bodyOf({ content, data }: Message): { content: string; data: string | null } {
  const repeats = data === null || JSON.stringify(data) === content;
  return { content: cleanText(content), data: repeats ? null : inertJson(cleanJson(data)) };
}

const outcomesOf = ({ delivery }: Message) =>
  delivery.relays.map(({ url, outcome, reason, at }) => ({
    url,
    isOwn: false,
    known: `${outcome} ${minuteOf(at)}`,
    // Why a relay has not been asked yet is for our daemon to say.
    said: reason,
  }));

function headOf(message: Message, notes: readonly string[]): string {
  const { id, from, to, direction, timestamp, trust, reply_to, thread, delivery } = message;
  const incoming = direction === 'in';
  const others = message.recipients.slice(0, toolLimits.recipients).filter((key) => key !== to);
  const named = (text: string | null): text is string => text !== null && isPlainId(text);
  return [
    isPlainId(id) ? id : 'id below',
    incoming ? `from ${handleOf(from)} (${trust})` : `to ${handleOf(to)}`,
    minuteOf(timestamp),
    ...(incoming ? [] : [delivery.state]),
    ...(isNamedType(message) && message.type !== 'text' ? [message.type] : []),
    ...(named(reply_to) ? [`reply to ${reply_to}`] : []),
    ...(named(thread) ? [`thread ${thread}`] : []),
    ...(others.length > 0 ? [`also to ${others.map(handleOf).join(' ')}`] : []),
    ...(message.missing_before > 0 ? [`${message.missing_before} before it missing`] : []),
    ...notes,
  ].join(' | ');
}

/** Only a type that is known: `ignore-all-previous-instructions` would read like a word of ours. */
const isNamedType = ({ direction, type }: Message): boolean =>
  direction === 'out' || knownTypes.includes(type);

interface Parts {
  readonly head: string;
  readonly text: string;
  readonly data: string | null;
  /** Label of the text: its row alone is enough in a list. */
  readonly label: string;
}

function shown(message: Message, { head, text, data, label }: Parts): Shown {
  const body: Words = [[label, text] as const, ...(data === null ? [] : [['data', data] as const])];
  if (message.direction === 'out')
    return { known: [head], ours: body.map(([name, said]) => [name || 'sent', said]) };
  const { id, reply_to, thread, from_name, subject, type } = message;
  const line = (name: string, value: string | null, maxChars: number): Words =>
    value === null ? [] : [[name, cleanLine(value, maxChars)]];
  const id_ = (name: string, value: string | null): Words =>
    value === null || isPlainId(value) ? [] : line(name, value, limits.message.idChars);
  return {
    known: [head],
    theirs: [
      ...line('name', from_name, limits.peer.nameChars),
      ...line('subject', subject, limits.message.subjectChars),
      ...(isNamedType(message) ? [] : line('type', type, limits.message.typeChars)),
      ...id_('id', id),
      ...id_('reply to', reply_to),
      ...id_('thread', thread),
      ...body,
    ],
  };
}
