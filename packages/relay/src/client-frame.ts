import { type RelayFilter, readFilter } from './filter.ts';
import type { RelayLimits } from './limits.ts';

export type RequestReading =
  | { readonly type: 'request'; readonly id: string; readonly filters: readonly RelayFilter[] }
  | { readonly type: 'closed'; readonly id: string; readonly reason: string }
  /** Without a usable id there is nothing to close. */
  | { readonly type: 'notice'; readonly text: string };

/** Reads what follows `REQ` (NIP-01). */
export function readRequest([id, ...values]: readonly unknown[], limits: RelayLimits): RequestReading {
  if (typeof id !== 'string' || id === '')
    return { type: 'notice', text: 'invalid: REQ without a subscription id' };
  const closed = (reason: string): RequestReading => ({ type: 'closed', id, reason: `invalid: ${reason}` });
  if (id.length > limits.subscriptionIdChars) return closed('subscription id is too long');
  if (values.length === 0) return closed('no filter');
  if (values.length > limits.filters) return closed(`more than ${limits.filters} filters`);
  const filters: RelayFilter[] = [];
  for (const value of values) {
    const reading = readFilter(value, limits.answerEvents);
    if (!reading.ok) return closed(reading.reason);
    filters.push(reading.filter);
  }
  return { type: 'request', id, filters };
}
