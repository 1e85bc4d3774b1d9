import { type ErrorCode, errorRow, OcmeshError } from '@ocmesh/shared/contract';
import { CommanderError } from 'commander';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';

export const usageHint = '`ocmesh help <command>` says what it takes.';

/** The next step in terms of commands, where the catalogue speaks of REST calls. */
const commandHints: Readonly<Partial<Record<ErrorCode, string>>> = {
  invalid_request: usageHint,
  invalid_pubkey: '`ocmesh peers` shows names and keys; 64 hex digits, npub1… and nprofile1… are taken too.',
  peer_unknown: '`ocmesh peers` lists the known ones. `ocmesh trust <npub>` adds one by its key.',
  message_unknown: '`ocmesh inbox --all` shows the ids.',
  request_unknown: '`ocmesh requests` lists who does.',
  first_contact:
    'Off a terminal the command speaks for your agent; what you type at a terminal is yours, and nobody is asked. Or accept the request with `ocmesh requests accept`, and send again.',
  loop_suspected:
    '`ocmesh resume` goes on with it, and the pause ends by itself after an hour. What you type at a terminal is yours, and goes out.',
  relay_unknown: '`ocmesh relays` shows the list.',
  not_found: 'The daemon may be of another version: `ocmesh version` and `ocmesh status` tell.',
  method_not_allowed: 'The daemon may be of another version: `ocmesh version` and `ocmesh status` tell.',
  too_many_waiters: '`ocmesh inbox` shows what is unread.',
  too_many_streams: 'Close another `ocmesh chat`, or use `ocmesh inbox`.',
  inbox_full: '`ocmesh read` marks messages as read: the oldest read ones make room.',
  outbox_full: '`ocmesh status` says which relays are reachable; send again when the queue is shorter.',
  storage_unavailable: '`ocmesh logs` tells the reason.',
  internal: '`ocmesh logs` tells more.',
};

/** A reason why a command cannot do what it was told: what happened, and the next step. */
export class CommandError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: string, message: string, hint: string, details?: Readonly<Record<string, unknown>>) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
    this.hint = hint;
    this.details = details;
  }
}

export interface Failure {
  readonly exitCode: number;
  /** For programs: named as in the API's errors. */
  readonly body: {
    readonly error: string;
    readonly message: string;
    readonly hint?: string;
    details?: unknown;
  };
}

/** One clear sentence for what a person did or the machine refused; a stack only for our own mistakes. */
export function toFailure(error: unknown): Failure {
  if (error instanceof CommandError) {
    const { code, message, hint, details } = error;
    return {
      exitCode: exitCodes.permanent,
      body: { error: code, message, hint, ...(details && { details }) },
    };
  }
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    return {
      exitCode: exitCodes.permanent,
      body: { error: 'invalid_request', message, hint: usageHint },
    };
  }
  if (error instanceof OcmeshError) {
    const { code, message, hint } = error;
    const row = errorRow(code);
    return {
      exitCode: row.retry === 'never' ? exitCodes.permanent : exitCodes.tryAgain,
      body: { error: code, message, hint: (hint === row.hint && commandHints[code]) || hint },
    };
  }
  if (error instanceof ExitError)
    return { exitCode: error.exitCode, body: { error: 'refused', message: error.message } };
  const { code, syscall, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return {
      exitCode: exitCodes.tryAgain,
      body: { error: 'storage_full', message: 'The disk is full.', hint: 'Free some space, then try again.' },
    };
  if (syscall) return { exitCode: exitCodes.permanent, body: { error: 'refused', message } };
  return { exitCode: exitCodes.crash, body: { error: 'internal', message: stack ?? message } };
}
