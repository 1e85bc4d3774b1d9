import { expect, test } from 'vitest';
import { refusalReasons, refuse } from './verdict.ts';

// Each row is what the daemon has always done with such an event; a change here changes which messages are fetched again.
test.each([
  ['garbage_frame', 'never', 'no'],
  ['frame_too_large', 'never', 'no'],
  ['unasked', 'never', 'no'],
  ['malformed', 'never', 'no'],
  ['too_large', 'never', 'no'],
  ['unwanted_kind', 'never', 'no'],
  ['future_dated', 'never', 'no'],
  ['expired', 'never', 'no'],
  ['not_addressed_to_us', 'never', 'no'],
  ['duplicate', 'never', 'no'],
  ['stale', 'never', 'no'],
  ['bad_signature', 'never', 'no'],
  ['no_presence', 'never', 'no'],
  ['own', 'never', 'on disk'],
  ['undecryptable', 'never', 'on disk'],
  ['blocked', 'never', 'on disk'],
  ['stranger', 'never', 'on disk'],
  ['requests_full', 'never', 'on disk'],
  ['stranger_quota', 'never', 'in memory'],
  ['overloaded', 'later', 'no'],
  ['rate_limited', 'later', 'no'],
  ['inbox_full', 'later', 'no'],
  ['peers_full', 'later', 'no'],
] as const)(
  'an event refused as %s comes again: %s; its id is remembered: %s',
  (reason, again, remembered) => {
    expect(refuse(reason)).toEqual({ refused: reason, again, remembered });
  },
);

test('the table above has every reason', () => {
  expect(refusalReasons).toHaveLength(23);
});

test('what may come again is never remembered', () => {
  const remembered = refusalReasons.filter(
    (reason) => refuse(reason).again === 'later' && refuse(reason).remembered !== 'no',
  );
  expect(remembered).toEqual([]);
});
