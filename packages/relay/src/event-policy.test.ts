import { actor } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { openRelay, sign } from '../test/client.ts';

const alice = actor('alice');
const YEAR = 365 * 86_400;

test.each([
  ['dated 15 minutes ahead', {}, 900, null],
  ['dated further ahead', {}, 901, 'invalid: created_at is too far in the future'],
  ['three years old', {}, -3 * YEAR, null],
  ['older', {}, -3 * YEAR - 1, 'invalid: created_at is too old'],
  ['ephemeral and a minute old', { kind: 20_001 }, -60, null],
  ['ephemeral and older', { kind: 20_001 }, -61, 'invalid: created_at is too old'],
  ['with a tag value of 1024 characters', { tags: [['t', 'x'.repeat(1024)]] }, 0, null],
  [
    'with a longer tag value',
    { tags: [['t', 'x'.repeat(1025)]] },
    0,
    'invalid: tag value is longer than 1024 characters',
  ],
  ['with a longer value in a tag that is not indexed', { tags: [['title', 'x'.repeat(1025)]] }, 0, null],
  [
    'with 2001 tags',
    { tags: Array.from({ length: 2001 }, () => ['n', '']) },
    0,
    'invalid: more than 2000 tags',
  ],
  ['of 64 KiB', { content: 'x'.repeat(65_536 - 400) }, 0, null],
  ['larger', { content: 'x'.repeat(65_536) }, 0, 'invalid: event is larger than 65536 bytes'],
])('an event %s', async (_, draft, inSec, reason) => {
  const relay = await openRelay();
  const client = await relay.connect();
  const event = relay.sign(alice, { ...draft, created_at: relay.nowSec() + inSec });
  expect(await client.publish(event)).toEqual({ ok: reason === null, reason: reason ?? '' });
});

test.each(['id', 'sig', 'content', 'pubkey'] as const)(
  'an event whose %s was changed is refused',
  async (field) => {
    const relay = await openRelay();
    const client = await relay.connect();
    const other = sign(actor('bob'), { content: 'other', created_at: relay.nowSec() });
    const forged = { ...relay.sign(alice), [field]: other[field] };
    expect(await client.publish(forged)).toEqual({ ok: false, reason: 'invalid: bad id or signature' });
    expect(relay.stats()).toMatchObject({ storedEvents: 0, refusedEvents: 1 });
  },
);

test('accepts the real event when a forged copy came first', async () => {
  const relay = await openRelay();
  const client = await relay.connect();
  const event = relay.sign(alice, { content: 'real' });
  expect(await client.publish({ ...event, content: 'forged' })).toMatchObject({ ok: false });
  expect(await client.publish(event)).toEqual({ ok: true, reason: '' });
  // Only the seven standard fields are signed, so others are not passed on.
  expect(await client.publish({ ...relay.sign(alice), extra: 1 } as never)).toMatchObject({ ok: true });
  expect((await client.ask('s', {})).events.map((stored) => Object.keys(stored).length)).toEqual([7, 7]);
});
