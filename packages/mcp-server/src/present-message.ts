import type { Message } from '@ocmesh/shared/contract';
import { cleanJson, cleanLine, cleanText, cutText } from '@ocmesh/shared/text';
import { cutToJsonBytes, jsonBytes, listedChars, resultBytes } from './budget.ts';
import { nameChars, presentOutcomes } from './present.ts';

/** As `list_messages` takes it for a filter. */
const TYPE_NAME = /^[a-z][a-z0-9._-]{0,63}$/;
const ID = /^[A-Za-z0-9_-]{1,128}$/;
/** Bytes for the relays of one message; its text needs the rest. */
const relaysBytes = 6000;
/** The same in a list of 20. */
const listedRelaysBytes = 500;
/** Bytes of `truncated` and the like. */
const noteBytes = 64;

type Shown = Record<string, unknown>;

/** A message as one row of a list: long texts and lists of relays are cut. */
export function presentListed(message: Message): Shown {
  const { content, data } = bodyOf(message);
  const relays =
    message.direction === 'out' ? presentOutcomes(message.delivery.relays, listedRelaysBytes) : {};
  const shownContent = cutText(content, listedChars);
  const shownData = jsonBytes(data) <= listedChars ? data : null;
  const whole = shownContent === content && shownData === data && !('relays_left_out' in relays);
  return {
    ...shape(message, shownContent, shownData, { ...timesOf(message), ...relays }),
    ...(whole ? {} : { truncated: true }),
  };
}

/** A message alone: whole, unless that were too long for a result. */
export function presentMessage(message: Message): Shown {
  const { content, data } = bodyOf(message);
  const delivery = { ...timesOf(message), ...presentOutcomes(message.delivery.relays, relaysBytes) };
  let room = resultBytes - noteBytes - jsonBytes(shape(message, '', null, delivery));
  const shownContent = cutToJsonBytes(content, room);
  room -= jsonBytes(shownContent);
  const shownData = jsonBytes(data) <= room ? data : null;
  const whole = shownContent === content && shownData === data;
  return { ...shape(message, shownContent, shownData, delivery), ...(whole ? {} : { truncated: true }) };
}

/** Our own words stand as they are; a peer's are cleaned. */
function bodyOf({ direction, content, data }: Message): { content: string; data: unknown } {
  return direction === 'out' ? { content, data } : { content: cleanText(content), data: cleanJson(data) };
}

function timesOf({ direction, delivery }: Message): Shown {
  const { state, delivered_at, read_at, next_attempt_at } = delivery;
  return direction === 'out' ? { state, delivered_at, read_at, next_attempt_at } : { state };
}

function shape(message: Message, content: string, data: unknown, delivery: Shown): Shown {
  const { from, to, direction, timestamp, read, type, trust } = message;
  const named = TYPE_NAME.test(type);
  const head = {
    id: cleanLine(message.id, 128),
    from,
    to,
    direction,
    timestamp,
    read,
    // Only what looks like a name: a sentence in its place would read as one of ours.
    type: named ? type : 'other',
    trust,
    reply_to: idOrNull(message.reply_to),
    thread: idOrNull(message.thread),
  };
  if (direction === 'out') return { ...head, content, data, delivery };
  const from_name = message.from_name === null ? null : cleanLine(message.from_name, nameChars);
  const untrusted_content = {
    content,
    from_name,
    data,
    ...(named ? {} : { type: cleanLine(type, nameChars) }),
  };
  // The daemon stores no message whose signature it did not verify.
  return { ...head, signature_verified: true, untrusted_content, delivery };
}

const idOrNull = (id: string | null): string | null => (id !== null && ID.test(id) ? id : null);
