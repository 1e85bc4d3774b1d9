import type { ErrorCode } from './errors.ts';
import { limits } from './limits.ts';
import { ofProblems } from './problem-steps.ts';
import type { Reachability, Reason, Warning } from './schemas.ts';
import {
  type Audience,
  askForAccess,
  checkDisk,
  everyone,
  freeSpace,
  leaveThePhone,
  makeRoom,
  type NextStep,
  openAgain,
  otherPage,
  otherVersion,
  readTheLog,
} from './step-texts.ts';

const ofErrors: Readonly<Record<ErrorCode, NextStep>> = {
  invalid_request: {
    api: 'Compare the fields named in details with docs/api.md.',
    tool: "Correct the arguments: the tool's input schema lists them.",
    command: '`ocmesh help <command>` shows its arguments and options.',
    page: 'Correct what you typed, and try again.',
  },
  invalid_json: {
    api: 'Send one JSON object, encoded as UTF-8.',
    tool: 'Call again with one JSON object as arguments.',
    command: otherVersion,
    page: otherPage,
  },
  invalid_pubkey: {
    api: 'Use 64 hex digits, npub1…, nprofile1…, your alias for the peer, or at least the first 8 digits of its key, as in GET /peers.',
    tool: "Use a handle as list_peers shows it, your user's alias, or a whole key. A name that a peer gave itself names nobody.",
    command: '`ocmesh peers` shows names and keys. A key is 64 hex digits, npub1… or nprofile1….',
    page: 'Paste a whole key: 64 hex digits, npub1… or nprofile1…. Peers lists the known ones.',
  },
  content_too_large: everyone('Send it in parts, or send a link.'),
  idempotency_conflict: {
    api: 'Use a new key for a new message.',
    tool: 'Use a new idempotency_key for a new message.',
    command: 'Send the message again.',
    page: 'Send the message again.',
  },
  not_found: {
    api: 'docs/api.md lists every path.',
    tool: 'The daemon may have another version: call get_status.',
    command: otherVersion,
    page: otherPage,
  },
  method_not_allowed: {
    api: 'docs/api.md lists the method of every path.',
    tool: 'The daemon may have another version: call get_status.',
    command: otherVersion,
    page: otherPage,
  },
  body_too_large: everyone('Send less at once.'),
  unsupported_media_type: {
    api: 'Set the header Content-Type: application/json.',
    tool: 'The daemon may have another version: call get_status.',
    command: otherVersion,
    page: otherPage,
  },
  headers_too_large: {
    api: 'Send fewer headers; long text belongs in the body.',
    tool: 'Use shorter arguments.',
    command: 'Use shorter arguments.',
    page: 'Type less at once.',
  },
  too_slow: {
    api: `Send the whole request within ${limits.http.requestMs / 1000} seconds.`,
    tool: 'Call again.',
    command: 'Try again: this machine may be busy.',
    page: 'Try again: this machine may be busy.',
  },
  misdirected_host: {
    api: 'Call http://127.0.0.1:PORT or http://localhost:PORT, with exactly one Host header.',
    tool: askForAccess,
    command: 'Set OCMESH_API_URL to http://127.0.0.1:PORT, or remove it.',
    page: openAgain,
  },
  forbidden_origin: {
    api: 'Call it from a program on this machine, without an Origin header.',
    tool: askForAccess,
    command: 'Set OCMESH_API_URL to http://127.0.0.1:PORT, or remove it.',
    page: openAgain,
  },
  token_required: {
    api: 'Send the header Authorization: Bearer TOKEN, with the contents of the file token in OCMESH_HOME.',
    tool: askForAccess,
    command: 'Set OCMESH_HOME to the home of this daemon: its token is there.',
    page: openAgain,
  },
  token_wrong: {
    api: 'Read the file token in OCMESH_HOME again, or leave out the header Authorization if no token is required.',
    tool: askForAccess,
    command: 'Set OCMESH_HOME to the home of this daemon: its token is there.',
    page: openAgain,
  },
  token_unreadable: readTheLog,
  too_many_wrong_tokens: {
    api: 'Read the file token in OCMESH_HOME again: the right token always works.',
    tool: askForAccess,
    command: 'Set OCMESH_HOME to the home of this daemon: the right token always works.',
    page: openAgain,
  },
  page_session_required: {
    api: 'Run `ocmesh open`, which signs the browser in. Programs leave out Origin, Cookie and the headers of a browser.',
    tool: askForAccess,
    command: 'Run `ocmesh open`, which signs the browser in.',
    page: openAgain,
  },
  page_code_wrong: {
    api: 'Run `ocmesh open` again: each code works once, for a minute.',
    tool: askForAccess,
    command: 'Run `ocmesh open` again: each code works once, for a minute.',
    page: openAgain,
  },
  too_many_wrong_codes: {
    api: 'Run `ocmesh open` again: the right code always works.',
    tool: askForAccess,
    command: 'Run `ocmesh open` again: the right code always works.',
    page: openAgain,
  },
  owner_only: {
    api: 'Use the `ocmesh` command, or send the header Authorization: Bearer TOKEN, with the contents of the file token in OCMESH_HOME.',
    tool: 'Only your user can do this, with the `ocmesh` command. Ask them if you think it is needed.',
    command: 'Set OCMESH_HOME to the home of this daemon: its token is there.',
    page: openAgain,
  },
  peer_unknown: {
    api: 'GET /peers lists the known ones. A new agent appears within 2 to 5 minutes of starting.',
    tool: 'Call list_peers for the known keys. A new agent appears within 2 to 5 minutes of starting.',
    command: '`ocmesh peers` lists the known ones. `ocmesh trust <npub>` adds one by its key.',
    page: 'Peers lists the known ones; add one there by its key.',
  },
  peer_ambiguous: {
    api: 'Use more digits of the key, or give one of them an alias with `ocmesh alias`.',
    tool: 'Use one of these handles, or ask your user which one is meant.',
    command: 'Use more of the key, or give one a name of your own: `ocmesh alias <key> <name>`.',
    page: 'Use more digits of the key, or give one of them an alias in Peers.',
  },
  message_unknown: {
    api: 'GET /messages lists the ids.',
    tool: 'Call list_messages for the ids.',
    command: '`ocmesh inbox --all` shows the ids.',
    page: 'It may have been deleted. Open the conversation again.',
  },
  request_unknown: {
    api: 'GET /requests lists the pending ones.',
    tool: 'It may have been answered already: call get_peer.',
    command: '`ocmesh requests` lists the pending ones.',
    page: 'It may have been answered already. Requests lists what is waiting.',
  },
  cursor_unknown: {
    api: 'Call GET /messages?unread=true for what is unread, and GET /messages/wait without after for a new cursor.',
    tool: 'Call again without after: that returns what is unread, and a new cursor.',
    command: 'Try again.',
    page: 'Open the list again.',
  },
  relay_unknown: {
    api: 'GET /relays shows the list.',
    tool: 'Only your user can change the relays. get_status shows them.',
    command: '`ocmesh relays` shows the list.',
    page: 'It may have been removed already. Relays shows the list.',
  },
  peer_blocked: {
    api: 'Only the owner can unblock it: `ocmesh unblock`.',
    tool: 'Only your user can unblock it, with `ocmesh unblock`.',
    command: '`ocmesh unblock` unblocks it.',
    page: 'Unblock it in Peers.',
  },
  owner_key: leaveThePhone,
  first_contact: {
    api: 'GET /requests lists the request. Send again after the owner has accepted it with `ocmesh requests accept`.',
    tool: 'Tell your user, who can accept it with `ocmesh requests accept`. Send again afterwards.',
    command:
      'Messages that you type at a terminal are yours and need no approval. Otherwise accept the request with `ocmesh requests accept`, and send again.',
    page: 'Accept it in Requests, and send again.',
  },
  loop_suspected: {
    api: 'Do not retry. Tell your user, who can resume it with `ocmesh resume`. The pause ends after an hour.',
    tool: 'Do not retry. Tell your user, who can resume it with `ocmesh resume`. The pause ends after an hour.',
    command:
      '`ocmesh resume` resumes it; otherwise the pause ends after an hour. Messages you type at a terminal are sent anyway.',
    page: 'Resume it in Peers; otherwise the pause ends after an hour.',
  },
  too_many_waiters: {
    api: 'Close other wait calls, or use GET /messages?unread=true instead.',
    tool: 'Call list_messages with unread true instead.',
    command: '`ocmesh inbox` shows what is unread.',
    page: 'Close other programs that wait for messages, then try again.',
  },
  too_many_streams: {
    api: 'Close other streams of GET /events, or use GET /messages?unread=true instead.',
    tool: 'Call list_messages with unread true instead.',
    command: 'Close another `ocmesh chat`, or use `ocmesh inbox`.',
    page: 'Close other windows of this page, or another `ocmesh chat`.',
  },
  outbox_full: {
    api: 'GET /status shows which relays are connected. Send again when the queue is shorter.',
    tool: 'Call get_status to see which relays are connected. Send again when the queue is shorter.',
    command: '`ocmesh status` shows which relays are connected. Send again when the queue is shorter.',
    page: 'Relays shows which are connected. Send again when the queue is shorter.',
  },
  storage_full: freeSpace,
  storage_slow: checkDisk,
  inbox_full: makeRoom,
  storage_unavailable: readTheLog,
  shutting_down: everyone('Try again in a few seconds.'),
  internal: {
    api: 'Look for the request id in ocmesh.log.',
    tool: 'Try again. If it happens again, tell your user: `ocmesh logs` shows more.',
    command: '`ocmesh logs` shows more.',
    page: 'Try again. `ocmesh logs` shows more.',
  },
  daemon_down: {
    api: 'Start it with `ocmesh start`, then call again.',
    tool: 'Your user has to start it, with `ocmesh start` in a terminal of its own: it stays in the foreground. Then call again.',
    command: 'Start it with `ocmesh start`, then try again.',
    page: 'Start it with `ocmesh start`. This page connects again by itself.',
  },
};

const ofReasons: Readonly<Record<Reason['code'], NextStep>> = {
  no_relay: {
    api: 'Check the internet connection and the relay list. GET /relays shows the error of each relay.',
    tool: 'Tell your user to check the internet connection and the relays. get_status shows the error of each relay.',
    command:
      'Check the internet connection and the relay list. `ocmesh relays` shows the error of each relay.',
    page: 'Check the internet connection. Relays shows the error of each relay, and adds another one.',
  },
  proxy_down: {
    api: 'Start or correct the proxy: the setting proxy names it. The daemon connects again by itself.',
    tool: 'Tell your user to start or correct the proxy, which the setting proxy names. Nothing needs to be sent again.',
    command:
      'Start or correct the proxy; `ocmesh doctor` checks it. The daemon connects again by itself. The setting proxy names it: docs/settings.md.',
    page: 'Start or correct the proxy; `ocmesh doctor` checks it. The daemon connects again by itself.',
  },
  no_dm_relay: {
    api: 'GET /relays shows the error of each relay. Add another one with POST /relays.',
    tool: 'Tell your user, who can add another relay with `ocmesh relays add`. get_status shows the error of each relay.',
    command: '`ocmesh relays` shows the error of each relay. `ocmesh relays add` adds another one.',
    page: 'Relays shows the error of each relay. Add another one there.',
  },
  no_discovery: {
    api: 'Add another relay with POST /relays, or the agents by their keys with POST /peers.',
    tool: 'Tell your user, who can add another relay with `ocmesh relays add`.',
    command: '`ocmesh relays add` adds another relay. `ocmesh trust <npub>` adds an agent by its key.',
    page: 'Add another relay in Relays, or an agent by its key in Peers.',
  },
  outbox_stalled: {
    api: 'GET /messages/ID shows what each relay responded. Add a relay that accepts messages with POST /relays.',
    tool: 'Call get_message to see what each relay responded. Tell your user, who can add another relay with `ocmesh relays add`.',
    command: '`ocmesh relays` shows which relays are down. `ocmesh relays add` adds another one.',
    page: 'Relays shows which are down. Add another one there.',
  },
  storage_refuses: readTheLog,
  storage_slow: checkDisk,
  inbox_full: makeRoom,
  clock_off: {
    api: 'Set the clock, or let the system set it over the network (NTP).',
    tool: 'Tell your user to set the clock, or to let the system set it over the network (NTP).',
    command: 'Set the clock, or let the system set it over the network (NTP).',
    page: 'Set the clock, or let the system set it over the network (NTP).',
  },
  no_keeping_relay: {
    api: 'GET /relays shows what each relay does. Add one that keeps messages with POST /relays; nothing needs to be sent again.',
    tool: 'Tell your user to add a relay that keeps messages with `ocmesh relays add`. Nothing needs to be sent again.',
    command:
      '`ocmesh relays` shows what each relay does. Add one that keeps messages: `ocmesh relays add <url>`. Nothing needs to be sent again.',
    page: 'Relays shows what each relay does. Add one there that keeps messages; nothing needs to be sent again.',
  },
  twin: {
    api: 'Stop one of the two daemons. `ocmesh reset` gives this home a new key.',
    tool: 'Tell your user to stop one of the two daemons. `ocmesh reset` gives this one a new key.',
    command: 'Stop one of the two daemons, or give this one a new key with `ocmesh reset`.',
    page: 'Stop one of the two daemons, or give this one a new key with `ocmesh reset`.',
  },
};

const ofWarnings: Readonly<Record<Warning['code'], NextStep>> = {
  one_keeping_relay: {
    api: 'GET /relays shows what each relay does. Replace those that drop messages with POST and DELETE /relays.',
    tool: 'Tell your user to replace the relays that drop messages, with `ocmesh relays add` and `ocmesh relays remove`.',
    command:
      '`ocmesh relays` shows what each relay does. Replace those that drop messages with `ocmesh relays add` and `remove`.',
    page: 'Relays shows what each relay does. Replace those there that drop messages.',
  },
  dates_refused: {
    api: 'Compare `clock_offset_ms` in GET /relays: one clock is wrong. If it is the relay’s, replace it with POST and DELETE /relays.',
    tool: 'Tell your user to run `ocmesh doctor`, which compares the clocks, and to replace the relay if its clock is wrong.',
    command:
      '`ocmesh doctor` compares the clocks. If that of the relay is wrong, replace it with `ocmesh relays add` and `remove`.',
    page: '`ocmesh doctor` compares the clocks. If that of the relay is wrong, replace it in Relays.',
  },
};

const ofReachability: Readonly<Record<Reachability['state'], NextStep>> = {
  reachable: {
    api: 'Send; GET /messages/ID shows the delivery.',
    tool: 'Send; get_message shows the delivery.',
    command: 'Send it a message: `ocmesh send`.',
    page: 'Write to it in Conversations, which shows the delivery.',
  },
  stored: everyone('Send anyway, but do not wait for the reply.'),
  silent: everyone(
    'Wait, or contact its owner another way: its daemon may not read the relays that we write to.',
  ),
  refused: {
    api: 'GET /messages/ID shows the reason of each relay. Add a relay that accepts the message with POST /relays.',
    tool: 'get_message shows the reason of each relay. Your user can add a relay that accepts the message with `ocmesh relays add`.',
    command: 'Add a relay that accepts the message: `ocmesh relays add <url>`.',
    page: 'Its conversation shows the reason of each relay. Add a relay in Relays that accepts the message.',
  },
  no_relay: {
    api: 'GET /status shows what is wrong with the relays. Messages need not be sent again.',
    tool: 'get_status shows what is wrong with the relays. Messages need not be sent again.',
    command: '`ocmesh status` shows what is wrong with the relays. Messages need not be sent again.',
    page: 'Overview shows what is wrong with the relays. Messages need not be sent again.',
  },
  blocked: {
    api: 'The owner can unblock it: `ocmesh unblock`.',
    tool: 'Only your user can unblock it, with `ocmesh unblock`.',
    command: '`ocmesh unblock` unblocks it.',
    page: 'Unblock it here.',
  },
};

/** Every next step, by what it is about. */
export const nextSteps = {
  errors: ofErrors,
  problems: ofProblems,
  reasons: ofReasons,
  warnings: ofWarnings,
  reachability: ofReachability,
} as const;

export type Problem = keyof typeof ofProblems;

export const isProblem = (text: unknown): text is Problem =>
  typeof text === 'string' && Object.hasOwn(ofProblems, text);

/** For a code that a newer daemon sent and this version does not know. */
const unknownStep: NextStep = {
  api: 'ocmesh.log may have more.',
  tool: 'Tell your user: `ocmesh doctor` may know more.',
  command: '`ocmesh doctor` may know more.',
  page: '`ocmesh doctor` may know more.',
};

const rowOf = (rows: Readonly<Record<string, NextStep>>, code: string | undefined): NextStep | undefined =>
  code !== undefined && Object.hasOwn(rows, code) ? rows[code] : undefined;

/** What to do about an error: the step of its problem, if it has a known one, else of its code. */
export const errorStep = (
  { code, problem }: { readonly code: ErrorCode; readonly problem?: string | undefined },
  audience: Audience,
): string => (rowOf(ofProblems, problem) ?? ofErrors[code])[audience];

/** What to do about a reason why the daemon is degraded. */
export const reasonStep = ({ code, problem }: Pick<Reason, 'code' | 'problem'>, audience: Audience): string =>
  (rowOf(ofErrors, problem) ?? rowOf(ofReasons, code) ?? unknownStep)[audience];

/** What to do about a warning. */
export const warningStep = (code: Warning['code'], audience: Audience): string =>
  (rowOf(ofWarnings, code) ?? unknownStep)[audience];

/** What to do about a peer in this state. */
export const reachabilityStep = (state: Reachability['state'], audience: Audience): string =>
  (rowOf(ofReachability, state) ?? unknownStep)[audience];

/** A result of the REST API that may hold next steps: a status, or a peer alone. */
interface HoldsSteps {
  readonly reasons?: readonly Reason[];
  readonly warnings?: readonly Warning[];
  readonly reachability?: Reachability;
}

/** The same result, its next steps in the terms of this audience instead of REST's. */
export function withStepsFor<T extends HoldsSteps>(audience: Audience, result: T): T {
  const { reasons, warnings, reachability } = result;
  if (!reasons && !warnings && !reachability) return result;
  return {
    ...result,
    ...(reasons && {
      reasons: reasons.map((reason) => ({ ...reason, next_step: reasonStep(reason, audience) })),
    }),
    ...(warnings && {
      warnings: warnings.map((warning) => ({ ...warning, next_step: warningStep(warning.code, audience) })),
    }),
    ...(reachability && {
      reachability: { ...reachability, next_step: reachabilityStep(reachability.state, audience) },
    }),
  };
}
