import { matchFilter } from 'nostr-tools/filter';
import { verifyEvent } from 'nostr-tools/pure';
import { expect, test } from 'vitest';
import { bob, dm, dmFilter, rawClient, start, subscribed, until } from '../../test/support/raw-client.ts';

const isAuthentic = (event: object): boolean =>
  verifyEvent(structuredClone(event) as Parameters<typeof verifyEvent>[0]);
const isWanted = (event: object): boolean =>
  matchFilter(dmFilter, event as Parameters<typeof matchFilter>[1]);

test('forged-id-first: sends copies with other content before an event', async () => {
  const relay = await start('forged-id-first');
  const client = await subscribed(relay.url);
  const [first, second] = [dm('one'), dm('two')];
  client.send('EVENT', first);
  client.send('EVENT', second);
  await until(() => expect(client.events('dm')).toHaveLength(6));
  expect(client.events('dm').map(({ id }) => id)).toEqual([
    ...Array(3).fill(first.id),
    ...Array(3).fill(second.id),
  ]);
  expect(client.events('dm').map(isAuthentic)).toEqual([false, false, true, false, false, true]);
  const [badSignature, rightSignature, genuine] = client.events('dm').slice(3);
  expect(genuine).toEqual(second);
  expect(badSignature?.sig).not.toBe(second.sig);
  expect(rightSignature?.sig).toBe(second.sig);
  // Bob can decrypt it: without checking the signature he would read "one" again.
  expect([badSignature?.content, rightSignature?.content]).toEqual([first.content, first.content]);
  expect(relay.misdeeds()).toBe(2);
});

test('future-dated: sends authentic events of a stranger, years ahead, before the real ones', async () => {
  const relay = await start('future-dated');
  const client = await subscribed(relay.url);
  const real = dm('now');
  client.send('EVENT', real);
  await until(() => expect(client.events('dm')).toContainEqual(real));
  const events = client.events('dm');
  expect(events.at(-1)).toEqual(real);
  expect(events).toHaveLength(5);
  const yearsAhead = events.map(({ created_at }) => Math.round((created_at - real.created_at) / 31_536_000));
  expect(yearsAhead).toEqual([1, 10, 1, 10, 0]);
  expect(events.every((event) => isAuthentic(event) && isWanted(event))).toBe(true);
  expect(new Set(events.map(({ pubkey }) => pubkey)).size).toBe(2);
  // Another `since` makes it sign no new ones.
  client.send('REQ', 'again', { ...dmFilter, since: real.created_at });
  await client.has('EOSE', 'again');
  expect(client.events('again').slice(0, 2)).toEqual(events.slice(0, 2));
});

test('wrong-filter: sends others’ messages, other kinds and unknown subscription ids', async () => {
  const relay = await start('wrong-filter');
  const client = await subscribed(relay.url);
  const real = dm('for bob');
  client.send('EVENT', real);
  await until(() => expect(client.events('dm')).toContainEqual(real));
  const unasked = client.events('dm').filter((event) => !isWanted(event));
  expect(new Set(unasked.map(({ kind }) => kind))).toEqual(new Set([0, 1, 4, 7, 1059]));
  expect(unasked.every(isAuthentic)).toBe(true);
  expect(unasked.some(({ tags }) => tags.some(([, value]) => value === bob.pubkey))).toBe(false);
  expect(client.events('of-nobody')).toContainEqual(real);
  await client.has('EOSE', 'of-nobody');
  await client.has('CLOSED', 'of-nobody', 'error: never was');
});

test('endless-pages: every page is full of new events, however far back', async () => {
  const relay = await start('endless-pages', { tuning: { pageEvents: 50 } });
  const client = rawClient(relay.url);
  await client.isOpen();
  const ids = new Set<string>();
  for (const [page, until] of [2_000_000_000, 1_999_999_951, 1_000].entries()) {
    client.send('REQ', `page ${page}`, { ...dmFilter, since: 1_000, until, limit: 500 });
    await client.has('EOSE', `page ${page}`);
    const events = client.events(`page ${page}`);
    expect(events).toHaveLength(50);
    for (const event of events) ids.add(event.id);
    expect(events.every((event) => isWanted(event) && event.created_at <= until)).toBe(true);
    expect(events.every(({ created_at }) => created_at >= 1_000)).toBe(true);
  }
  expect(ids.size).toBe(150);
  client.send('REQ', 'live only', { ...dmFilter, limit: 0 });
  await client.has('EOSE', 'live only');
  expect(client.events('live only')).toEqual([]);
});
