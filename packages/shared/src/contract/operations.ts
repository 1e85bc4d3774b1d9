import type { ErrorCode } from './errors.ts';
import { requests } from './requests.ts';
import * as schemas from './schemas.ts';
import { StreamEvent } from './stream-events.ts';
import { type Static, type TObject, type TSchema, Type } from './typebox.ts';

/** One REST operation. Types, validation, routes, client, docs and MCP tools all come from its row. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `:name` parts are fields of `input`; the rest is the query (GET, DELETE) or the JSON body (POST). */
  readonly path: string;
  readonly summary: string;
  readonly input: TObject;
  readonly output: TSchema;
  /** `output` is a page: the answer is its array, the next page stands in `Link`. */
  readonly page?: true;
  /** The answer is this type of text, not JSON. */
  readonly text?: string;
  /** The answer is a stream of Server-Sent Events, each of them an `output`. */
  readonly stream?: true;
  /** Where it is not 200. */
  readonly successStatus?: 201;
  /** A status that carries the answer all the same. */
  readonly degradedStatus?: 503;
  /** Fields of `input` that travel as headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Errors beyond those that every operation can have, and their status where it is not the catalogue's. */
  readonly errors?: Readonly<Partial<Record<ErrorCode, number | true>>>;
  /** Which code a violation of the schema gets, by `<field> <ajv keyword>`, where `invalid_request` is too vague. */
  readonly violations?: Readonly<Record<string, ErrorCode>>;
}

const operation = <const O extends Operation>(row: O): O => row;

export const operations = {
  getHealth: operation({
    method: 'GET',
    path: '/healthz',
    summary: 'Is the process alive? For service managers.',
    input: requests.none,
    output: schemas.Health,
  }),
  getStatus: operation({
    method: 'GET',
    path: '/status',
    summary: 'The daemon’s own state; 503 with the same body while it is degraded.',
    input: requests.none,
    output: schemas.Status,
    degradedStatus: 503,
  }),
  getIdentity: operation({
    method: 'GET',
    path: '/identity',
    summary: 'This agent’s public key and name.',
    input: requests.none,
    output: schemas.Identity,
  }),
  getMetrics: operation({
    method: 'GET',
    path: '/metrics',
    summary:
      'Numbers for Prometheus: messages, outbox, peers, relays, events, storage, the process. They name nobody.',
    input: requests.none,
    output: Type.String(),
    text: 'text/plain; version=0.0.4; charset=utf-8',
  }),
  getOpenApi: operation({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This API as OpenAPI 3.1.',
    input: requests.none,
    output: Type.Record(Type.String(), Type.Unknown()),
  }),
  listRelays: operation({
    method: 'GET',
    path: '/relays',
    summary: 'The relays, their state and their limits (NIP-11).',
    input: requests.none,
    output: Type.Array(schemas.RelayDetails),
  }),
  addRelay: operation({
    method: 'POST',
    path: '/relays',
    summary:
      'Adds a relay to the list and connects it, without a restart. One that is on the list already stays; 32 are the most.',
    input: requests.addRelay,
    output: schemas.RelayDetails,
    successStatus: 201,
    errors: { storage_full: true, storage_unavailable: true },
  }),
  removeRelay: operation({
    method: 'DELETE',
    path: '/relays',
    summary: 'Takes a relay off the list and leaves it. Answers with those that are left.',
    input: requests.removeRelay,
    output: Type.Array(schemas.RelayDetails),
    errors: { relay_unknown: true, storage_full: true, storage_unavailable: true },
  }),
  listPeers: operation({
    method: 'GET',
    path: '/peers',
    summary: 'Discovered agents, the last seen first. Never this one.',
    input: requests.listPeers,
    output: Type.Array(schemas.Peer),
    page: true,
    errors: { invalid_pubkey: true },
  }),
  getPeer: operation({
    method: 'GET',
    path: '/peers/:pubkey',
    summary: 'One known agent, and whether messages reach it.',
    input: requests.getPeer,
    output: schemas.PeerDetails,
    errors: { peer_unknown: true, invalid_pubkey: true },
  }),
  addPeer: operation({
    method: 'POST',
    path: '/peers',
    summary:
      'Adds an agent by its key before it was discovered, so that it can be written to, and greets it. One that is known ' +
      'already gets the alias, if there is one.',
    input: requests.addPeer,
    output: schemas.PeerDetails,
    successStatus: 201,
    errors: { invalid_pubkey: true, storage_full: true, storage_unavailable: true },
  }),
  listMessages: operation({
    method: 'GET',
    path: '/messages',
    summary: 'Messages: unread ones oldest first, otherwise newest first.',
    input: requests.listMessages,
    output: Type.Array(schemas.Message),
    page: true,
    errors: { invalid_pubkey: true },
  }),
  waitForMessages: operation({
    method: 'GET',
    path: '/messages/wait',
    summary: 'Waits for messages: unread ones at once, else the next; with `after` what arrived since.',
    input: requests.waitForMessages,
    output: schemas.Waited,
    errors: { too_many_waiters: true, invalid_pubkey: true },
  }),
  getMessage: operation({
    method: 'GET',
    path: '/messages/:id',
    summary: 'One message, with everything known about its delivery.',
    input: requests.getMessage,
    output: schemas.Message,
    errors: { message_unknown: true },
  }),
  markRead: operation({
    method: 'POST',
    path: '/messages/read',
    summary: 'Marks messages as read: one of `id`, `ids`, `from`, `all`.',
    input: requests.markRead,
    output: schemas.Marked,
    errors: { invalid_pubkey: true, storage_full: true, storage_unavailable: true },
  }),
  sendMessage: operation({
    method: 'POST',
    path: '/send',
    summary: 'Queues one encrypted message. 200 means that it is on disk and will be sent.',
    input: requests.sendMessage,
    output: schemas.SendResult,
    headers: { idempotency_key: 'idempotency-key' },
    errors: {
      peer_unknown: 400,
      invalid_pubkey: true,
      content_too_large: true,
      idempotency_conflict: true,
      outbox_full: true,
      storage_full: true,
      storage_unavailable: true,
    },
    violations: { 'content maxLength': 'content_too_large' },
  }),
  followEvents: operation({
    method: 'GET',
    path: '/events',
    summary:
      'What happens, as it happens: Server-Sent Events, with a comment every 15 s. The header `Last-Event-ID` takes up where ' +
      'an earlier stream ended; a client that reads too slowly is cut off and can come back that way.',
    input: requests.followEvents,
    output: StreamEvent,
    stream: true,
    headers: { last_event_id: 'last-event-id' },
    errors: { too_many_streams: true },
  }),
} as const;

type Operations = typeof operations;
export type OperationName = keyof Operations;
type StreamName = { [N in OperationName]: Operations[N] extends { stream: true } ? N : never }[OperationName];
/** An operation with one answer. */
export type CallName = Exclude<OperationName, StreamName>;
export type Input<N extends OperationName> = Static<Operations[N]['input']>;

/** One page of a list; `next_cursor` is null on the last. */
export interface Page<T> {
  readonly items: T;
  readonly next_cursor: string | null;
}

export type Output<N extends OperationName> = Operations[N] extends { page: true }
  ? Page<Static<Operations[N]['output']>>
  : Static<Operations[N]['output']>;

export interface CallContext {
  /** Fires when the caller is gone. */
  readonly signal?: AbortSignalLike;
}

/** The part of `AbortSignal` that is needed, so that this package stays free of platform types. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', run: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', run: () => void): void;
}

/** Implemented by the daemon, and by the client that calls it over HTTP. */
export type Handlers = {
  readonly [N in CallName]: (input: Input<N>, context?: CallContext) => Promise<Output<N>>;
};

/** A place in a stream that has nothing for this reader: whoever comes back with the id has missed nothing. */
export interface Passed {
  readonly id: string;
  readonly event: 'passed';
}

/**
 * Implemented by the daemon. Each opens a stream at once, or throws; it is held until the signal fires or the
 * reader leaves its loop.
 */
export type Streams = {
  readonly [N in StreamName]: (
    input: Input<N>,
    context: Required<CallContext>,
  ) => AsyncIterable<Output<N> | Passed>;
};

/** The operations with one answer. */
export const callNames = (Object.keys(operations) as OperationName[]).filter(
  (name): name is CallName => !('stream' in operations[name]),
);

/** Names of the `:name` parts of a path. */
export const pathFields = (path: string): string[] =>
  [...path.matchAll(/:([a-z_]+)/g)].map((match) => match[1] as string);

/** Status of an error on this operation. */
export const statusOf = (row: Operation, code: ErrorCode, catalogueStatus: number): number => {
  const own = row.errors?.[code];
  return typeof own === 'number' ? own : catalogueStatus;
};
