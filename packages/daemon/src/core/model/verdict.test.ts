import { expect, test } from 'vitest';
import { refusalReasons, refuse } from './verdict.ts';

// Changing a row changes which events are fetched again, and which are never decrypted a second time.
const rows = [
  ['garbage_frame', 'never', 'no'],
  ['frame_too_large', 'never', 'no'],
  ['unasked', 'never', 'no'],
  ['malformed', 'never', 'no'],
  ['too_large', 'never', 'no'],
  ['unwanted_kind', 'never', 'no'],
  ['future_dated', 'never', 'no'],
  ['too_old', 'never', 'no'],
  ['expired', 'never', 'no'],
  ['not_addressed_to_us', 'never', 'no'],
  ['duplicate', 'never', 'no'],
  ['stale', 'never', 'no'],
  ['message_expired', 'never', 'no'],
  ['bad_signature', 'never', 'no'],
  ['no_presence', 'never', 'no'],
  ['own', 'never', 'on disk'],
  ['undecryptable', 'never', 'on disk'],
  ['unwanted_rumor', 'never', 'on disk'],
  ['blocked', 'never', 'on disk'],
  ['stranger', 'never', 'on disk'],
  ['requests_full', 'never', 'on disk'],
  ['stranger_quota', 'never', 'in memory'],
  ['overloaded', 'later', 'no'],
  ['rate_limited', 'later', 'no'],
  ['inbox_full', 'later', 'no'],
  ['peers_full', 'later', 'no'],
] as const;

test.each(rows)(
  'an event refused as %s comes again: %s; its id is remembered: %s',
  (reason, again, remembered) => {
    expect(refuse(reason)).toEqual({ refused: reason, again, remembered });
  },
);

test('the table above has every reason', () => {
  expect(rows.map(([reason]) => reason).sort()).toEqual([...refusalReasons].sort());
});

test('remembers no event that may come again', () => {
  const remembered = refusalReasons.filter(
    (reason) => refuse(reason).again === 'later' && refuse(reason).remembered !== 'no',
  );
  expect(remembered).toEqual([]);
});
