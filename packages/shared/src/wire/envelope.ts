import { isHex64 } from '../contract/ids.ts';
import { limits } from '../contract/limits.ts';
import { cutChars, isNestedWithin } from '../contract/measure.ts';
import { controlTypeOf } from './control-types.ts';
import { type Claims, readAbout, readClaims, readName } from './presence.ts';
import { type Dialect, defaultFeatures, ocmeshVersion, ourFeatures } from './version.ts';

/** Plaintext of a direct message, parsed. Parsing never throws: anything that is not a payload of ours is text. */
export type Payload =
  | {
      readonly kind: 'hello';
      readonly version: string | null;
      readonly name: string | null;
      readonly features: readonly string[];
      readonly capabilities: readonly string[];
      readonly about: string | null;
    }
  | { readonly kind: 'receipt'; readonly state: 'delivered' | 'read'; readonly ids: readonly string[] }
  | { readonly kind: 'ping' }
  | { readonly kind: 'pong' }
  | {
      readonly kind: 'profile';
      readonly name: string | null;
      readonly about: string | null;
      readonly capabilities: readonly string[];
      /** Whether it asks for our profile: it says nothing, not even that there are no capabilities. */
      readonly isQuery: boolean;
    }
  | ChatPayload;

/** A message for the agent: a text, a task, a result, or a type that we do not know. */
export interface ChatPayload {
  readonly kind: 'chat';
  readonly type: string;
  readonly content: string;
  /** Fields besides the text; null for a plain text. */
  readonly data: Readonly<Record<string, unknown>> | null;
  /** Message id on both sides; null if the sender gave none. */
  readonly mid: string | null;
  /** Version of ocmesh that wrote it; null if it does not say, like the clients of people. */
  readonly version: string | null;
  /** Milliseconds since 1970 by the sender's clock. */
  readonly tsMs: number | null;
  readonly seq: number | null;
  readonly replyTo: string | null;
  readonly thread: string | null;
  /** Whether the sender says that no person wrote it. */
  readonly auto: boolean;
  /** Automatic messages in a row, including this one; 0 if a person wrote it. */
  readonly hops: number;
}

export { controlTypes } from './control-types.ts';

/** Types of messages whose meaning is known: ours and those of the deployed mesh. */
export const knownTypes: readonly string[] = ['text', 'task', 'result', 'error', 'file'];

/** Fields of the envelope; the fields of a typed payload may not have the same names. */
export const envelopeFields: readonly string[] = [
  'type',
  'ts',
  'v',
  'body',
  'mid',
  'seq',
  'reply_to',
  'thread',
  'auto',
  'hops',
];

const ID = new RegExp(`^[A-Za-z0-9_-]{8,${limits.message.idChars}}$`);
const readId = (value: unknown): string | null =>
  typeof value === 'string' && ID.test(value) ? value : null;
/** Refuses an id in the form of an event id: it could replace another message. */
const readMid = (value: unknown): string | null => (isHex64(value) ? null : readId(value));
const readInteger = (value: unknown): number | null =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;

/** No sender counts further: a larger number is none. */
const MAX_SEQ = 1e15;
const readSeq = (value: unknown): number | null => {
  const seq = readInteger(value);
  return seq === null || seq > MAX_SEQ ? null : seq;
};

/** Parses the plaintext of a direct message. */
export function parsePayload(plaintext: string): Payload {
  const fields = parseObject(plaintext);
  if (!fields || !isTyped(fields)) return plainText(plaintext);
  const type = controlTypeOf(fields);
  switch (type) {
    case 'ocmesh-hello':
    case 'intro':
      return {
        kind: 'hello',
        version: readName(fields['v'] ?? fields['version']),
        name: readName(fields['name']),
        features: readClaims(fields['features'], defaultFeatures),
        capabilities: readClaims(fields['capabilities'], []),
        about: readAbout(fields['about'], limits.peer.aboutChars),
      };
    case 'delivered':
    case 'read':
      return { kind: 'receipt', state: type, ids: receiptIds(fields) };
    case 'ping':
    case 'pong':
      return { kind: type };
    case 'profile':
      return readProfile(fields);
    default:
      // As text, every digit of a number stays.
      return isNestedWithin(fields, limits.message.dataLevels) && !losesDigits(plaintext)
        ? chat(fields.type, fields)
        : plainText(plaintext);
  }
}

function readProfile(fields: Record<string, unknown>): Payload {
  const name = readName(fields['name']);
  const about = readAbout(fields['about'], limits.peer.aboutChars);
  const isQuery = name === null && about === null && !Array.isArray(fields['capabilities']);
  return { kind: 'profile', name, about, capabilities: readClaims(fields['capabilities'], []), isQuery };
}

function receiptIds(fields: Record<string, unknown>): string[] {
  const listed = Array.isArray(fields['msgIds']) ? fields['msgIds'] : [fields['msgId']];
  return listed.slice(0, limits.http.pageRows).flatMap((id) => readId(id) ?? []);
}

/** A message without an envelope. */
export const plainText = (content: string): ChatPayload => ({
  kind: 'chat',
  type: 'text',
  content: wellFormed(content),
  data: null,
  mid: null,
  version: null,
  tsMs: null,
  seq: null,
  replyTo: null,
  thread: null,
  auto: false,
  hops: 0,
});

/** The message that an answer of the deployed mesh names. */
const readAnswered = (type: string, fields: Record<string, unknown>): string | null =>
  ['result', 'error', 'task'].includes(type) ? (readId(fields['taskId']) ?? readId(fields['replyTo'])) : null;

function chat(type: string, fields: Record<string, unknown>): ChatPayload {
  const body = fields['body'];
  // Other programs put an object there, or a list: it is kept as data.
  const isText = typeof body === 'string' || body === undefined;
  const data = Object.fromEntries(
    Object.entries(fields).filter(([key]) => !envelopeFields.includes(key) || (key === 'body' && !isText)),
  );
  return {
    kind: 'chat',
    type: cutChars(wellFormed(type), limits.message.typeChars),
    // A typed payload without a text must still be readable.
    content: typeof body === 'string' ? wellFormed(body) : JSON.stringify(data),
    data: Object.keys(data).length > 0 ? data : null,
    mid: readMid(fields['mid']),
    version: readName(fields['v']),
    tsMs: readInteger(fields['ts']),
    seq: readSeq(fields['seq']),
    replyTo: readId(fields['reply_to']) ?? readAnswered(type, fields),
    thread: readId(fields['thread']),
    auto: fields['auto'] === true,
    hops: fields['auto'] === true ? (readInteger(fields['hops']) ?? 1) : 0,
  };
}

/** Whether parsed JSON is a payload; other JSON is a plain text. */
const isTyped = (
  fields: Record<string, unknown> | null,
): fields is Record<string, unknown> & { type: string } =>
  typeof fields?.['type'] === 'string' && fields['type'] !== '';

/** Replaces half surrogate pairs, which no store keeps: a copy would count as another message. */
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Whether parsing changes an integer of this JSON, as with most 64-bit ids, or makes a number infinite. */
const losesDigits = (json: string): boolean =>
  /\d{16}|e\+?\d{3}/i.test(json) && (json.match(STRING_OR_NUMBER) ?? []).some(isChanged);

function isChanged(token: string): boolean {
  if (token.startsWith('"')) return false;
  const integer = /^-?\d{16,}(?=\.|$)/.exec(token)?.[0];
  const value = Number(token);
  return !Number.isFinite(value) || (integer !== undefined && String(Math.trunc(value)) !== integer);
}

function parseObject(text: string): Record<string, unknown> | null {
  if (!text.startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

export interface ChatDraft {
  readonly type: string;
  readonly content: string;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly mid: string;
  readonly tsMs: number;
  readonly seq: number;
  readonly replyTo: string | null;
  /** Automatic messages in a row, including this one; 0 if a person wrote it. */
  readonly hops: number;
}

/** Plaintext of a message, in the form that this peer displays correctly. */
export function chatPayload(draft: ChatDraft, dialect: Dialect): string {
  const { type, content, data, tsMs } = draft;
  // The deployed mesh and ordinary Nostr clients would display the JSON.
  if (!dialect.envelope && type === 'text' && !data && !isTyped(parseObject(content))) return content;
  const envelope = dialect.envelope
    ? {
        mid: draft.mid,
        seq: draft.seq,
        ...(draft.replyTo ? { reply_to: draft.replyTo } : {}),
        ...(draft.hops > 0 ? { auto: true, hops: draft.hops } : {}),
      }
    : {};
  return JSON.stringify({ ...data, type, ts: tsMs, v: ocmeshVersion, body: content, ...envelope });
}

/** What a hello and a profile say about their author. */
export interface ProfileDraft extends Claims {
  readonly name: string | null;
}

export interface HelloDraft extends ProfileDraft {
  readonly from: string;
  readonly tsMs: number;
}

export function helloPayload(draft: HelloDraft, dialect: Dialect): string {
  const { from, tsMs, name, about, capabilities } = draft;
  if (dialect.hello === 'ocmesh-hello') {
    return JSON.stringify({ type: 'ocmesh-hello', version: ocmeshVersion, from, ts: tsMs });
  }
  return JSON.stringify({
    type: 'intro',
    ts: tsMs,
    v: ocmeshVersion,
    ...(name ? { name } : {}),
    ...(about ? { about } : {}),
    capabilities,
    features: ourFeatures,
    from,
  });
}

/** Receipts for several messages: one payload if the peer accepts batches, otherwise one for each. */
export function receiptPayloads(
  state: 'delivered' | 'read',
  ids: readonly string[],
  tsMs: number,
  dialect: Dialect,
): string[] {
  const head = { type: state, ts: tsMs, v: ocmeshVersion };
  if (dialect.receiptBatches) return [JSON.stringify({ ...head, msgIds: ids })];
  return ids.map((msgId) => JSON.stringify({ ...head, msgId }));
}

export const pingPayload = (tsMs: number): string =>
  JSON.stringify({ type: 'ping', ts: tsMs, v: ocmeshVersion });

export const pongPayload = (tsMs: number): string =>
  JSON.stringify({ type: 'pong', ts: tsMs, v: ocmeshVersion });

export const profilePayload = (tsMs: number, { name, about, capabilities }: ProfileDraft): string =>
  JSON.stringify({
    type: 'profile',
    ts: tsMs,
    v: ocmeshVersion,
    name: name ?? '',
    about: about ?? '',
    capabilities,
  });
