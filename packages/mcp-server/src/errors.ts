import { type ErrorCode, OcmeshError } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';

/** Characters of an error's sentence: ours never need more. */
const SENTENCE_CHARS = 400;

// No word on where the token is: it is not the model's to read.
const ASK_USER = 'Your user has to set up access to the daemon: tell them what happened.';

/** The next step in terms of tools, where the catalogue speaks of REST calls. */
export const toolHints: Readonly<Partial<Record<ErrorCode, string>>> = {
  invalid_request: 'Correct the arguments: the input schema of the tool lists them.',
  invalid_json: 'Call again with one JSON object as arguments.',
  invalid_pubkey: 'Use a pubkey or npub exactly as list_peers shows it.',
  peer_unknown: 'Call list_peers for the known keys; a new agent appears within 2 to 5 minutes of starting.',
  message_unknown: 'Call list_messages for the ids.',
  request_unknown: 'It was answered already: call get_peer.',
  first_contact: 'Tell your user, who can accept it; send again afterwards.',
  not_found: 'The daemon may be of another version: call get_status.',
  method_not_allowed: 'The daemon may be of another version: call get_status.',
  token_required: ASK_USER,
  token_wrong: ASK_USER,
  too_many_wrong_tokens: ASK_USER,
  owner_only: 'Only your user can do this, with the command `ocmesh`: ask them, if you think it is needed.',
  idempotency_conflict: 'Use a new idempotency_key for a new message.',
  too_many_waiters: 'Call list_messages with unread true instead.',
  inbox_full: 'Call mark_read for messages that are dealt with: the oldest read ones make room.',
  outbox_full: 'Call get_status to see which relays are reachable; send again when the queue is shorter.',
};

export interface ToolError extends Record<string, unknown> {
  readonly error: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/**
 * What the caller gets to see of a failure: code, what happened, next step. Details stay behind,
 * as they may hold text of peers.
 */
export function toToolError(failure: unknown): ToolError {
  if (!(failure instanceof OcmeshError)) {
    return {
      error: 'internal',
      message: 'The MCP server of ocmesh made a mistake.',
      hint: 'Call again; what it wrote to stderr names the reason.',
    };
  }
  return {
    error: failure.code,
    message: cleanLine(failure.message, SENTENCE_CHARS),
    hint: toolHints[failure.code] ?? cleanLine(failure.hint, SENTENCE_CHARS),
  };
}

/** `code: message. hint` */
export const errorText = ({ error, message, hint }: ToolError): string =>
  `${error}: ${message.replace(/[.\s]*$/, '')}. ${hint}`;
