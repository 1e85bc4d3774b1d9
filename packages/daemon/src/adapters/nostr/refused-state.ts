import type { RelayState } from '@ocmesh/shared/contract';
import { reasonPrefix } from '@ocmesh/shared/wire';
import type { RelayInfo } from '../../core/ports/relay-network.ts';

/** Refused for good: nothing that we can do at once would change it. */
export type RefusedState = Extract<
  RelayState,
  'auth_required' | 'auth_failed' | 'restricted' | 'payment_required'
>;

/** What became of NIP-42 on this connection. */
export interface AuthResult {
  /** `none`: there was no challenge to answer. */
  readonly outcome: 'none' | 'refused' | 'accepted';
  /** The relay's words when it refused; empty otherwise. */
  readonly words: string;
}

const PAYMENT = /\b(payment|pay|paid|invoice|admission|sats)\b/i;

/** The state that a relay's words put it in; null for a refusal that may be over in a minute. */
export function refusedState(words: string, auth: AuthResult, info: RelayInfo | null): RefusedState | null {
  const prefix = reasonPrefix(words);
  const isFinal = prefix === 'auth-required' || prefix === 'restricted' || prefix === 'blocked';
  if (PAYMENT.test(words)) return 'payment_required';
  if (!isFinal) return null;
  if (prefix === 'auth-required' && auth.outcome === 'none') return 'auth_required';
  if (PAYMENT.test(auth.words) || info?.limitation['payment_required'] === true) return 'payment_required';
  return auth.outcome === 'refused' || prefix === 'auth-required' ? 'auth_failed' : 'restricted';
}

/** The same for a relay that answers the upgrade with an HTTP status. */
export function refusedByStatus(status: number): RefusedState | null {
  if (status === 401) return 'auth_required';
  if (status === 402) return 'payment_required';
  return status === 403 ? 'restricted' : null;
}
