import { hourMs, minuteMs, type UnixMs } from '@ocmesh/shared/ambient';
import type { RelayState } from '@ocmesh/shared/contract';
import type { RelayInfo } from '../../core/ports/relay-network.ts';
import type { ConnectionEnd } from './connection.ts';
import { nostrLimits } from './limits.ts';
import type { Backoff } from './reconnect.ts';
import { type AuthResult, type RefusedState, refusedByStatus, refusedState } from './refused-state.ts';

const TOO_MANY_REQUESTS = 429;

/** Facts about the relay at the end of the connection. */
export interface CloseContext {
  /** Why we disconnected; null if we did not. */
  readonly gaveUp: 'misbehaved' | 'unanswered' | 'oversized' | null;
  /** A permanent refusal of our subscription for messages, and for how long it has held. */
  readonly refused: { readonly state: RefusedState; readonly forMs: number } | null;
  readonly auth: AuthResult;
  readonly info: RelayInfo | null;
  readonly nowMs: UnixMs;
}

/** Consequences for the next connection. */
export interface CloseResult {
  readonly state: RelayState;
  /** null: reconnect with growing pauses. */
  readonly backoff: Backoff | null;
  /** Shortest pause before reconnecting, if the relay named one; else 0. */
  readonly atLeastMs: number;
}

/** Decides from the end of a connection whether the relay refuses us, and when to connect again. */
export function classifyClose(end: ConnectionEnd, context: CloseContext): CloseResult {
  const { gaveUp, nowMs } = context;
  if (gaveUp === 'misbehaved')
    return backOff('misbehaving', nostrLimits.backoff.misbehavedMinutes * minuteMs);
  // Somebody else's events may be too large: no fault of the relay.
  if (gaveUp === 'oversized') return backOff('disconnected', nostrLimits.backoff.oversizedMinutes * minuteMs);
  const refused = refusedAtEnd(end, context);
  if (refused) return backOff(refused, nostrLimits.backoff.refusedHours * hourMs);
  const askedMs = retryAfterMs(end.http?.retryAfter ?? null, nowMs);
  if (end.http?.status === TOO_MANY_REQUESTS) {
    const ms = askedMs ?? nostrLimits.backoff.tooManyMinutes * minuteMs;
    return { state: 'disconnected', backoff: { ms, firm: true }, atLeastMs: 0 };
  }
  return { state: 'disconnected', backoff: null, atLeastMs: askedMs ?? 0 };
}

const backOff = (state: RelayState, ms: number): CloseResult => ({
  state,
  backoff: { ms, firm: false },
  atLeastMs: 0,
});

/** Returns the refusal of a relay that closed because it does not want us: trying every few seconds changes nothing. */
function refusedAtEnd(end: ConnectionEnd, context: CloseContext): RefusedState | null {
  const { gaveUp, refused, auth, info } = context;
  if (end.http) return end.http.isFilterPage ? null : refusedByStatus(end.http.status);
  if (gaveUp || end.timedOut) return null;
  if (refused && refused.forMs <= nostrLimits.backoff.refusedCloseSeconds * 1000) return refused.state;
  return refusedState(end.closeReason, auth, info);
}

/** Reads HTTP `Retry-After`, in seconds or as a date; null if there is none. */
function retryAfterMs(header: string | null, nowMs: UnixMs): number | null {
  if (header === null) return null;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms)
    ? null
    : Math.min(Math.max(ms, 0), nostrLimits.backoff.tooManyMaxMinutes * minuteMs);
}
