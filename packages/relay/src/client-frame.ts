import { type RelayFilter, readFilter } from './filter.ts';
import type { RelayLimits } from './limits.ts';

export type ReqReading =
  | { readonly type: 'req'; readonly id: string; readonly filters: readonly RelayFilter[] }
  | { readonly type: 'closed'; readonly id: string; readonly reason: string }
  /** For a REQ without a usable id, which CLOSED cannot name. */
  | { readonly type: 'notice'; readonly text: string };

/** Reads the arguments of a `REQ` (NIP-01). */
export function readReq([id, ...values]: readonly unknown[], limits: RelayLimits): ReqReading {
  if (typeof id !== 'string' || id === '')
    return { type: 'notice', text: 'invalid: REQ without a subscription id' };
  const closed = (reason: string): ReqReading => ({ type: 'closed', id, reason: `invalid: ${reason}` });
  if (id.length > limits.subscriptionIdChars) return closed('subscription id is too long');
  if (values.length === 0) return closed('no filter');
  if (values.length > limits.filters) return closed(`more than ${limits.filters} filters`);
  const filters: RelayFilter[] = [];
  for (const value of values) {
    const reading = readFilter(value, limits.queryEvents);
    if (!reading.ok) return closed(reading.reason);
    filters.push(reading.filter);
  }
  return { type: 'req', id, filters };
}
