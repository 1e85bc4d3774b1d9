import { hourMs, minuteMs, type UnixMs } from '@ocmesh/shared/ambient';
import type { RelayState } from '@ocmesh/shared/contract';
import type { RelayInfo } from '../../core/ports/relay-network.ts';
import type { End } from './connection.ts';
import { nostrLimits } from './limits.ts';
import type { Backoff } from './reconnect.ts';
import { type AuthResult, type RefusedState, refusedByStatus, refusedState } from './refused-state.ts';

const TOO_MANY_REQUESTS = 429;

/** What was known when the connection ended. */
export interface Circumstances {
  /** Why we hung up ourselves. */
  readonly gaveUp: 'misbehaved' | 'unanswered' | null;
  /** Our message subscription was refused this long ago. */
  readonly refused: { readonly state: RefusedState; readonly forMs: number } | null;
  readonly auth: AuthResult;
  readonly info: RelayInfo | null;
  readonly nowMs: UnixMs;
}

/** What follows from the end of a connection. */
export interface Verdict {
  readonly state: RelayState;
  /** null: it is tried again, ever more slowly. */
  readonly rest: Backoff | null;
  /** It asked for this much time. */
  readonly atLeastMs: number;
}

export function judge(end: End, circumstances: Circumstances): Verdict {
  const { gaveUp, nowMs } = circumstances;
  if (gaveUp === 'misbehaved')
    return backOff('misbehaving', nostrLimits.backoff.misbehavedMinutes * minuteMs);
  const refused = refusedAtEnd(end, circumstances);
  if (refused) return backOff(refused, nostrLimits.backoff.refusedHours * hourMs);
  const askedMs = retryAfterMs(end.http?.retryAfter ?? null, nowMs);
  if (end.http?.status === TOO_MANY_REQUESTS) {
    const ms = askedMs ?? nostrLimits.backoff.tooManyMinutes * minuteMs;
    return { state: 'disconnected', rest: { ms, firm: true }, atLeastMs: 0 };
  }
  return { state: 'disconnected', rest: null, atLeastMs: askedMs ?? 0 };
}

const backOff = (state: RelayState, ms: number): Verdict => ({
  state,
  rest: { ms, firm: false },
  atLeastMs: 0,
});

/** A relay that hangs up because it does not want us: asking every few seconds would not change its mind. */
function refusedAtEnd(end: End, { gaveUp, refused, auth, info }: Circumstances): RefusedState | null {
  if (end.http) return refusedByStatus(end.http.status);
  if (gaveUp || end.timedOut) return null;
  if (refused && refused.forMs <= nostrLimits.backoff.refusedCloseSeconds * 1000) return refused.state;
  return refusedState(end.words, auth, info);
}

/** HTTP `Retry-After`, in seconds or as a date; null where there is none. */
function retryAfterMs(header: string | null, nowMs: UnixMs): number | null {
  if (header === null) return null;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms)
    ? null
    : Math.min(Math.max(ms, 0), nostrLimits.backoff.tooManyMaxMinutes * minuteMs);
}
