import { expect, test } from 'vitest';
import { refusedByStatus, refusedState } from './refused-state.ts';

const paid = { supportedNips: [], limitation: { payment_required: true } };

test.each([
  ['auth-required: first', 'none', null, 'auth_required'],
  ['auth-required: first', 'none', paid, 'auth_required'],
  ['ERROR: auth-required: first', 'refused', null, 'auth_failed'],
  ['auth-required: again', 'accepted', null, 'auth_failed'],
  ['restricted: members only', 'none', null, 'restricted'],
  ['restricted: members only', 'accepted', null, 'restricted'],
  ['restricted: members only', 'refused', null, 'auth_failed'],
  ['restricted: members only', 'accepted', paid, 'payment_required'],
  ['auth-required: first', 'refused', paid, 'payment_required'],
  ['blocked: you', 'none', null, 'restricted'],
  ['restricted: please pay 21 sats', 'none', null, 'payment_required'],
  ['Payment required', 'none', null, 'payment_required'],
  ['rate-limited: slow down', 'none', paid, null],
  ['error: shutting down', 'accepted', paid, null],
  ['invalid: bad filter', 'none', null, null],
  ['', 'none', null, null],
  ['your payload is odd', 'none', null, null],
] as const)('%j after AUTH %s means %4$s', (reason, auth, info, state) => {
  expect(refusedState(reason, { outcome: auth, reason: '' }, info)).toBe(state);
});

test.each([
  [401, 'auth_required'],
  [402, 'payment_required'],
  [403, 'restricted'],
  [404, null],
  [429, null],
  [503, null],
])('HTTP %i means %s', (status, state) => {
  expect(refusedByStatus(status)).toBe(state);
});

test('the reason for refusing our AUTH counts, too', () => {
  const auth = { outcome: 'refused', reason: 'restricted: pay first' } as const;
  expect(refusedState('auth-required: x', auth, null)).toBe('payment_required');
  expect(refusedState('rate-limited: x', auth, null)).toBeNull();
});
