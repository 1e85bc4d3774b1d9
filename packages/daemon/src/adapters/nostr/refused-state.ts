import type { RelayState } from '@ocmesh/shared/contract';
import { reasonPrefix } from '@ocmesh/shared/wire';
import type { RelayInfo } from '../../core/ports/relay-network.ts';

/** Permanent refusals: nothing that we could do at once would change them. */
export type RefusedState = Extract<
  RelayState,
  'auth_required' | 'auth_failed' | 'restricted' | 'payment_required'
>;

/** Outcome of NIP-42 on one connection. */
export interface AuthResult {
  /** `none`: we did not authenticate, or the relay has not replied yet. */
  readonly outcome: 'none' | 'refused' | 'accepted';
  /** The relay's reason when it refused; empty otherwise. */
  readonly reason: string;
}

const PAYMENT = /\b(payment|pay|paid|invoice|admission|sats)\b/i;

/** Returns the state that a refusal with this reason means; null if it may be over in a minute. */
export function refusedState(reason: string, auth: AuthResult, info: RelayInfo | null): RefusedState | null {
  const prefix = reasonPrefix(reason);
  const isFinal = prefix === 'auth-required' || prefix === 'restricted' || prefix === 'blocked';
  if (PAYMENT.test(reason)) return 'payment_required';
  if (!isFinal) return null;
  if (prefix === 'auth-required' && auth.outcome === 'none') return 'auth_required';
  if (PAYMENT.test(auth.reason) || info?.limitation['payment_required'] === true) return 'payment_required';
  return auth.outcome === 'refused' || prefix === 'auth-required' ? 'auth_failed' : 'restricted';
}

/** Returns the state that an HTTP status in place of the upgrade means; null if it is not a permanent refusal. */
export function refusedByStatus(status: number): RefusedState | null {
  if (status === 401) return 'auth_required';
  if (status === 402) return 'payment_required';
  return status === 403 ? 'restricted' : null;
}
