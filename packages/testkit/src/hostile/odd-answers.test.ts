import { describe, expect, test } from 'vitest';
import { dm, dmFilter, rawClient, start, subscribed, until } from '../../test/support/raw-client.ts';
import { createFakeClock } from '../fake-clock.ts';

const at = (created_at: number) => dm(`message of ${created_at}`, { created_at });

/** Connects a client, and stores events with these dates. */
async function withEvents(url: string, ...dates: number[]) {
  const client = rawClient(url);
  await client.isOpen();
  for (const date of dates) client.send('EVENT', at(date));
  await until(() => expect(client.ofType('OK')).toHaveLength(dates.length));
  /** Returns the dates of the stored events that a REQ brings, in order. */
  return async (filter: object): Promise<number[]> => {
    const id = JSON.stringify(filter);
    client.send('REQ', id, { ...dmFilter, ...filter });
    await client.has('EOSE', id);
    return client.events(id).map(({ created_at }) => created_at);
  };
}

describe('odd pages', () => {
  test('limit-zero-unlimited: sends everything for a limit of 0', async () => {
    const ask = await withEvents((await start('limit-zero-unlimited')).url, 1, 2, 3);
    expect(await ask({ limit: 0 })).toEqual([3, 2, 1]);
    expect(await ask({ limit: 2 })).toEqual([3, 2]);
    expect(await ask({})).toEqual([3, 2, 1]);
  });

  test('oldest-first: a limit gets the oldest events, oldest first', async () => {
    const ask = await withEvents((await start('oldest-first', { tuning: { pageCap: 2 } })).url, 1, 2, 3);
    expect(await ask({})).toEqual([1, 2]);
    expect(await ask({ limit: 1 })).toEqual([1]);
    expect(await ask({ since: 2, until: 2 })).toEqual([2]);
  });

  test('ignores-until: each page is the first one', async () => {
    const ask = await withEvents((await start('ignores-until', { tuning: { pageCap: 2 } })).url, 1, 2, 3);
    expect(await ask({ until: 1 })).toEqual([3, 2]);
    expect(await ask({ since: 3, until: 1 })).toEqual([3]);
  });

  test('small-pages: sends fewer events than asked for, and further pages by `until`', async () => {
    const ask = await withEvents((await start('small-pages', { tuning: { pageCap: 2 } })).url, 1, 2, 3);
    expect(await ask({ limit: 500 })).toEqual([3, 2]);
    expect(await ask({ limit: 500, until: 1 })).toEqual([1]);
  });
});

test('refuses-limit-zero: closes such a REQ, and answers others', async () => {
  const relay = await start('refuses-limit-zero');
  const client = await subscribed(relay.url);
  client.send('REQ', 'zero', { ...dmFilter, limit: 0 });
  await client.has('CLOSED', 'zero', 'invalid: limit must be positive');
  expect(relay.subscriptions()).toBe(1);
});

test('eose-first: the stored events follow EOSE', async () => {
  const relay = await start('eose-first');
  const client = await subscribed(relay.url);
  const event = dm('late');
  client.send('EVENT', event);
  client.send('REQ', 'stored', dmFilter);
  await until(() => expect(client.events('stored')).toEqual([event]));
  const frames = client.frames.filter(([, id]) => id === 'stored').map(([type]) => type);
  expect(frames).toEqual(['EOSE', 'EVENT']);
});

/** Waits until the relay has heard this many frames of a type. */
const heard = (relay: Awaited<ReturnType<typeof start>>, type: string, count: number) =>
  until(() => expect(relay.received(type)).toHaveLength(count));

test('slow-to-answer: answers after 6 s, and starts over at a repeated REQ', async () => {
  const clock = createFakeClock();
  const relay = await start('slow-to-answer', { clock });
  const client = rawClient(relay.url);
  await client.isOpen();
  client.send('REQ', 'dm', dmFilter);
  client.send('REQ', 'closed', dmFilter);
  client.send('CLOSE', 'closed');
  await heard(relay, 'CLOSE', 1);
  await clock.advance(5_000);
  client.send('REQ', 'dm', dmFilter);
  await heard(relay, 'REQ', 3);
  await clock.advance(5_999);
  expect(client.ofType('EOSE')).toEqual([]);
  await clock.advance(1);
  await client.has('EOSE', 'dm');
  expect(client.ofType('EOSE')).toHaveLength(1);
  expect(relay.subscriptions()).toBe(1);
});

test('closes-duplicates: a repeated id ends the subscription, pending or open', async () => {
  const clock = createFakeClock();
  const relay = await start('closes-duplicates', { clock });
  const client = rawClient(relay.url);
  await client.isOpen();
  const refusal = ['CLOSED', 'dm', 'duplicate: subscription id is in use'];
  client.send('REQ', 'dm', dmFilter);
  client.send('REQ', 'dm', dmFilter);
  await client.has(...refusal);
  await clock.advance(6_000);
  expect(relay.subscriptions()).toBe(0);
  client.send('REQ', 'dm', dmFilter);
  await heard(relay, 'REQ', 3);
  await clock.advance(6_000);
  await client.has('EOSE', 'dm');
  client.send('REQ', 'dm', dmFilter);
  await until(() => expect(client.ofType('CLOSED')).toEqual([refusal, refusal]));
  expect(relay.subscriptions()).toBe(0);
});

test('few-subscriptions: allows one, as its document says', async () => {
  const relay = await start('few-subscriptions');
  const client = await subscribed(relay.url);
  client.send('REQ', 'second', dmFilter);
  await client.has('CLOSED', 'second', 'error: too many subscriptions');
  // The same id replaces.
  client.send('REQ', 'dm', { ...dmFilter, limit: 1 });
  await until(() => expect(client.ofType('EOSE')).toHaveLength(2));
  client.send('CLOSE', 'dm');
  client.send('REQ', 'third', dmFilter);
  await client.has('EOSE', 'third');
  const document = await (await fetch(relay.url.replace('ws', 'http'))).json();
  expect(document).toMatchObject({ limitation: { max_subscriptions: 1 } });
});

test('cached-info: `Date` is an hour old, and `Age` says so', async () => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1, 12));
  const relay = await start('cached-info', { clock });
  const { headers } = await fetch(relay.url.replace('ws', 'http'));
  expect(headers.get('date')).toBe('Thu, 01 Jan 2026 11:00:00 GMT');
  expect(headers.get('age')).toBe('3600');
});
