import { limits } from './limits.ts';

/** When calling again may help. */
type Retry = 'never' | 'later' | 'after_discovery';

interface CatalogueRow {
  /** HTTP status; an operation may say otherwise for one code (`statuses`). */
  readonly status: number;
  readonly retry: Retry;
  /** What happened. Ours alone: never text of a peer or relay. */
  readonly message: string;
  /** The next step. */
  readonly hint: string;
}

const grouped = (count: number): string => count.toLocaleString('en-US');

/** Every error a caller can get, over REST and over MCP. */
export const errorCatalogue = {
  invalid_request: {
    status: 400,
    retry: 'never',
    message: 'The request does not fit the contract.',
    hint: 'Compare the fields named in details with docs/api.md.',
  },
  invalid_json: {
    status: 400,
    retry: 'never',
    message: 'The body is not JSON.',
    hint: 'Send one JSON object, encoded as UTF-8.',
  },
  invalid_pubkey: {
    status: 400,
    retry: 'never',
    message: 'That is not a public key.',
    hint: 'Use 64 lower-case hex digits, npub1… or nprofile1…, as GET /peers shows them.',
  },
  peer_unknown: {
    status: 404,
    retry: 'after_discovery',
    message: 'peer unknown: this key was not discovered yet.',
    hint: 'List GET /peers; a new agent appears within 2 to 5 minutes of starting.',
  },
  message_unknown: {
    status: 404,
    retry: 'never',
    message: 'There is no message with this id.',
    hint: 'List GET /messages for the ids.',
  },
  request_unknown: {
    status: 404,
    retry: 'never',
    message: 'Nobody with this key waits for an answer.',
    hint: 'GET /requests lists who does.',
  },
  peer_blocked: {
    status: 403,
    retry: 'never',
    message: 'This peer is blocked: nothing goes to it and nothing of it is kept.',
    hint: 'Only its owner unblocks it: `ocmesh unblock`.',
  },
  first_contact: {
    status: 403,
    retry: 'later',
    message: 'The owner wants to be asked before a stranger is written to: nothing was sent.',
    hint: 'The request stands in GET /requests; send again when the owner has accepted it with `ocmesh requests accept`.',
  },
  loop_suspected: {
    status: 429,
    retry: 'later',
    message: 'The conversation is paused: so many quick answers look like two programs talking for ever.',
    hint: 'Do not retry; tell your user, who can go on with `ocmesh resume`. The pause ends by itself after an hour.',
  },
  relay_unknown: {
    status: 404,
    retry: 'never',
    message: 'This relay is not on the list.',
    hint: 'GET /relays shows the list.',
  },
  not_found: {
    status: 404,
    retry: 'never',
    message: 'There is nothing at this path.',
    hint: 'docs/api.md lists every path.',
  },
  method_not_allowed: {
    status: 405,
    retry: 'never',
    message: 'This path takes another method.',
    hint: 'docs/api.md lists the method of every path.',
  },
  content_too_large: {
    status: 413,
    retry: 'never',
    message: `The message is too long: ${limits.message.chars} characters and ${grouped(limits.message.plaintextBytes)} bytes with its data are the most.`,
    hint: 'Send it in parts, or send a link.',
  },
  body_too_large: {
    status: 413,
    retry: 'never',
    message: `The request body is over ${limits.http.bodyBytes / 1024} KiB.`,
    hint: 'Send less in one request.',
  },
  unsupported_media_type: {
    status: 415,
    retry: 'never',
    message: 'The body must be application/json, not compressed.',
    hint: 'Set the header Content-Type: application/json.',
  },
  headers_too_large: {
    status: 431,
    retry: 'never',
    message: `The request has more than ${limits.http.headerBytes / 1024} KiB or ${limits.http.headers} lines of headers.`,
    hint: 'Send fewer headers; long texts belong in the body.',
  },
  too_slow: {
    status: 408,
    retry: 'later',
    message: 'The request did not arrive in time.',
    hint: `Send the whole request within ${limits.http.requestMs / 1000} seconds.`,
  },
  misdirected_host: {
    status: 421,
    retry: 'never',
    message: 'This API answers only to its own address on this machine.',
    hint: 'Call http://127.0.0.1:PORT or http://localhost:PORT, with one Host header.',
  },
  forbidden_origin: {
    status: 403,
    retry: 'never',
    message: 'Web pages may not call this API.',
    hint: 'Call it from a program on this machine, without an Origin header.',
  },
  token_required: {
    status: 401,
    retry: 'never',
    message: 'This API asks for its token.',
    hint: 'Send the header Authorization: Bearer TOKEN, with what the file token in OCMESH_HOME holds.',
  },
  token_wrong: {
    status: 401,
    retry: 'never',
    message: 'This is not the token of this API.',
    hint: 'Read the file token in OCMESH_HOME again, or leave out the header Authorization if no token is asked for.',
  },
  too_many_wrong_tokens: {
    status: 429,
    retry: 'later',
    message: 'Too many wrong tokens were shown within a minute.',
    hint: 'Read the file token in OCMESH_HOME again: the right one is taken at any time.',
  },
  owner_only: {
    status: 403,
    retry: 'never',
    message: 'Only the owner of this agent may do this.',
    hint: 'Use the `ocmesh` command, or send the header Authorization: Bearer TOKEN, with what the file token in OCMESH_HOME holds.',
  },
  idempotency_conflict: {
    status: 409,
    retry: 'never',
    message: 'This Idempotency-Key was used for another request.',
    hint: 'Use a new key for a new message.',
  },
  too_many_waiters: {
    status: 429,
    retry: 'later',
    message: 'Too many calls wait for messages already.',
    hint: 'Close other wait calls, or ask GET /messages?unread=true instead.',
  },
  too_many_streams: {
    status: 429,
    retry: 'later',
    message: 'Too many event streams are open already.',
    hint: 'Close other streams of GET /events, or ask GET /messages?unread=true instead.',
  },
  outbox_full: {
    status: 429,
    retry: 'later',
    message: 'Too many messages wait to go out.',
    hint: 'GET /status says which relays are reachable; send again when the queue is shorter.',
  },
  storage_full: {
    status: 507,
    retry: 'later',
    message: 'The disk is full: nothing was stored.',
    hint: 'Free some space; no restart is needed.',
  },
  inbox_full: {
    status: 507,
    retry: 'later',
    message: 'The store is full of messages that may not be removed: nothing was stored.',
    hint: 'Mark messages as read with POST /messages/read: the oldest read ones make room, sent ones once a relay has them.',
  },
  storage_unavailable: {
    status: 503,
    retry: 'later',
    message: 'The store could not be written: nothing was stored.',
    hint: 'Look at ocmesh.log for the reason.',
  },
  shutting_down: {
    status: 503,
    retry: 'later',
    message: 'The daemon is stopping.',
    hint: 'Call again in a few seconds.',
  },
  internal: {
    status: 500,
    retry: 'later',
    message: 'The daemon made a mistake.',
    hint: 'Look at ocmesh.log for the request id.',
  },
  daemon_down: {
    status: 503,
    retry: 'later',
    message: 'The ocmesh daemon does not answer.',
    hint: 'Start it with `ocmesh start`, then call again.',
  },
} as const satisfies Record<string, CatalogueRow>;

export type ErrorCode = keyof typeof errorCatalogue;

export const errorRow = (code: ErrorCode): CatalogueRow => errorCatalogue[code];

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(errorCatalogue, code);
