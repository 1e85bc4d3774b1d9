import { limits } from './limits.ts';

/** When calling again may help. */
type Retry = 'never' | 'later' | 'after_discovery';

interface ErrorRow {
  /** HTTP status; an operation may use another one for a code (`errors` of its row). */
  readonly status: number;
  readonly retry: Retry;
  /** What happened. Never includes text by a peer or relay. */
  readonly message: string;
}

/** Not `toLocaleString`, which loads tables of languages: 9 ms of each start. */
const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** Every error that a caller can get, over REST and over MCP. What to do about each is in `next-steps.ts`. */
export const errorCatalogue = {
  // Requests that do not fit the contract
  invalid_request: { status: 400, retry: 'never', message: 'The request is not valid.' },
  invalid_json: { status: 400, retry: 'never', message: 'The body is not valid JSON.' },
  invalid_pubkey: { status: 400, retry: 'never', message: 'Not a valid public key.' },
  content_too_large: {
    status: 413,
    retry: 'never',
    message: `The message is too long: the limit is ${grouped(limits.message.chars)} characters, and ${grouped(limits.message.plaintextBytes)} bytes including its data.`,
  },
  idempotency_conflict: {
    status: 409,
    retry: 'never',
    message: 'This idempotency key was already used for a different message.',
  },

  // HTTP
  not_found: { status: 404, retry: 'never', message: 'Unknown path.' },
  method_not_allowed: { status: 405, retry: 'never', message: 'This path does not support this method.' },
  body_too_large: {
    status: 413,
    retry: 'never',
    message: `The request body is larger than ${limits.http.bodyBytes / 1024} KiB.`,
  },
  unsupported_media_type: {
    status: 415,
    retry: 'never',
    message: 'The body must be application/json, not compressed.',
  },
  headers_too_large: {
    status: 431,
    retry: 'never',
    message: `The request headers exceed ${limits.http.headerBytes / 1024} KiB or ${limits.http.headers} lines.`,
  },
  too_slow: { status: 408, retry: 'later', message: 'The request did not arrive in time.' },

  // Access
  misdirected_host: {
    status: 421,
    retry: 'never',
    message: 'The Host header does not name this API.',
  },
  forbidden_origin: { status: 403, retry: 'never', message: 'Web pages may not call this API.' },
  token_required: { status: 401, retry: 'never', message: 'This API requires its token.' },
  token_wrong: { status: 401, retry: 'never', message: 'The token is wrong.' },
  token_unreadable: {
    status: 503,
    retry: 'later',
    message: 'The daemon cannot read its token file now, so it cannot compare the token.',
  },
  too_many_wrong_tokens: {
    status: 429,
    retry: 'later',
    message: 'Too many wrong tokens within a minute.',
  },
  page_session_required: { status: 401, retry: 'never', message: 'This browser is not signed in.' },
  page_code_wrong: {
    status: 403,
    retry: 'never',
    message: 'This code does not work: it was used, is too old, or is from an earlier run of the daemon.',
  },
  too_many_wrong_codes: { status: 429, retry: 'later', message: 'Too many wrong codes within a minute.' },
  owner_only: { status: 403, retry: 'never', message: 'Only the owner of this agent may do this.' },

  // Things that do not exist
  peer_unknown: {
    status: 404,
    retry: 'after_discovery',
    message: 'peer unknown: this key has not been discovered yet.',
  },
  peer_ambiguous: { status: 409, retry: 'never', message: 'This fits several peers.' },
  message_unknown: { status: 404, retry: 'never', message: 'No message with this id.' },
  request_unknown: { status: 404, retry: 'never', message: 'No pending request from this key.' },
  cursor_unknown: {
    status: 410,
    retry: 'never',
    message:
      'This home never gave this cursor: it is of another one, or an older state of the home was put back.',
  },
  relay_unknown: { status: 404, retry: 'never', message: 'This relay is not on the list.' },

  // Rules about peers
  peer_blocked: {
    status: 403,
    retry: 'never',
    message: 'This peer is blocked: messages to it are not sent, and messages from it are dropped.',
  },
  owner_key: {
    status: 403,
    retry: 'never',
    message: 'Not sent: this is the key of the owner’s phone, to which only the daemon writes.',
  },
  first_contact: {
    status: 403,
    retry: 'later',
    message: 'Not sent: the owner has to approve the first message to a stranger.',
  },
  loop_suspected: {
    status: 429,
    retry: 'later',
    message: 'The conversation is paused: replies this fast look like two programs in a loop.',
  },

  // Too much at once
  too_many_waiters: {
    status: 429,
    retry: 'later',
    message: 'Too many calls are already waiting for messages.',
  },
  too_many_streams: { status: 429, retry: 'later', message: 'Too many event streams are already open.' },
  outbox_full: { status: 429, retry: 'later', message: 'Too many messages are waiting to be sent.' },

  // Storage
  storage_full: { status: 507, retry: 'later', message: 'The disk is full: nothing was stored.' },
  storage_slow: {
    status: 503,
    retry: 'later',
    message: 'The disk does not respond: nothing was stored.',
  },
  inbox_full: {
    status: 507,
    retry: 'later',
    message: 'The store is full of messages that may not be removed: nothing was stored.',
  },
  storage_unavailable: {
    status: 503,
    retry: 'later',
    message: 'Writing to the store failed: nothing was stored.',
  },

  // The daemon
  shutting_down: { status: 503, retry: 'later', message: 'The daemon is stopping.' },
  internal: { status: 500, retry: 'later', message: 'Internal error.' },
  daemon_down: { status: 503, retry: 'later', message: 'The ocmesh daemon is not responding.' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorCatalogue;

export const errorRow = (code: ErrorCode): ErrorRow => errorCatalogue[code];

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(errorCatalogue, code);
