import { limits, type Message } from '@ocmesh/shared/contract';
import { cleanJson, cleanLine, cleanText, cutText, isPlainId, untrusted } from '@ocmesh/shared/text';
import { knownTypes } from '@ocmesh/shared/wire';
import { cutToShownBytes, fenceBytes, shownBytes } from './budget.ts';
import { toolLimits } from './limits.ts';
import { nameChars, presentOutcomes } from './present.ts';

/** Bytes for the relays of one message; the rest is for its text. */
const relaysBytes = 6000;
/** Bytes for the relays of a message in a list of 20. */
const listedRelaysBytes = 500;
/** Receivers of a message to several that are shown. */
const shownRecipients = 20;
/** Bytes for `truncated` and similar fields, and for the fence. */
const noteBytes = 64 + fenceBytes;

type Shown = Record<string, unknown>;

/** A message as one row of a list, with long texts and lists of relays cut. */
export function presentListed(message: Message): Shown {
  const { content, data } = bodyOf(message);
  const relays =
    message.direction === 'out' ? presentOutcomes(message.delivery.relays, listedRelaysBytes) : {};
  const shownContent = cutText(content, toolLimits.listedChars);
  const shownData = shownBytes(data) <= toolLimits.listedChars ? data : null;
  const whole = shownContent === content && shownData === data && !('relays_left_out' in relays);
  return {
    ...shape(message, shownContent, shownData, { ...timesOf(message), ...relays }),
    ...(whole ? {} : { truncated: true }),
  };
}

/** A message alone, cut only if it is too long for a result. */
export function presentMessage(message: Message): Shown {
  const { content, data } = bodyOf(message);
  const delivery = { ...timesOf(message), ...presentOutcomes(message.delivery.relays, relaysBytes) };
  let room = toolLimits.resultBytes - noteBytes - shownBytes(shape(message, '', null, delivery));
  const shownContent = cutToShownBytes(content, room);
  room -= shownBytes(shownContent);
  const shownData = shownBytes(data) <= room ? data : null;
  const whole = shownContent === content && shownData === data;
  return { ...shape(message, shownContent, shownData, delivery), ...(whole ? {} : { truncated: true }) };
}

/** Text and data of a message: ours unchanged, a peer's cleaned. */
function bodyOf({ direction, content, data }: Message): { content: string; data: unknown } {
  return direction === 'out' ? { content, data } : { content: cleanText(content), data: cleanJson(data) };
}

function timesOf({ direction, delivery }: Message): Shown {
  const { state, delivered_at, read_at, next_attempt_at } = delivery;
  return direction === 'out' ? { state, delivered_at, read_at, next_attempt_at } : { state };
}

function shape(message: Message, content: string, data: unknown, delivery: Shown): Shown {
  const { from, to, direction, timestamp, read, type, trust, auto, hops, seq, missing_before, recipients } =
    message;
  // Only one that is known: `ignore-all-previous-instructions` would read like one of ours.
  const named = direction === 'out' || knownTypes.includes(type);
  const ids = sortIds(message);
  const head = {
    ...ids.plain,
    from,
    to,
    direction,
    timestamp,
    read,
    type: named ? type : 'other',
    trust,
    ...(auto ? { auto, hops } : {}),
    ...(recipients.length > 0 ? { recipients: recipients.slice(0, shownRecipients) } : {}),
    ...(seq === null ? {} : { seq }),
    // Numbers, which cannot say anything.
    ...(missing_before > 0 ? { missing_before } : {}),
  };
  if (direction === 'out') return { ...head, content, data, delivery };
  const from_name = message.from_name === null ? null : cleanLine(message.from_name, nameChars);
  const words = {
    content,
    from_name,
    data,
    ...(message.subject === null ? {} : { subject: cleanLine(message.subject, limits.message.subjectChars) }),
    ...(named ? {} : { type: cleanLine(type, limits.message.typeChars) }),
    ...ids.others,
  };
  // The daemon stores only messages whose signature it verified.
  return { ...head, signature_verified: true, ...untrusted(words), delivery };
}

/** Separates ids that cannot be a sentence from those that could: the latter go to the untrusted content. */
function sortIds({ id, reply_to, thread }: Pick<Message, 'id' | 'reply_to' | 'thread'>) {
  const entries = Object.entries({ id, reply_to, thread });
  const plain = entries.map(([name, value]) => [name, value !== null && isPlainId(value) ? value : null]);
  const others = entries.flatMap(([name, value]) =>
    value === null || isPlainId(value) ? [] : [[name, cleanLine(value, limits.message.idChars)]],
  );
  return { plain: Object.fromEntries(plain) as Shown, others: Object.fromEntries(others) as Shown };
}
