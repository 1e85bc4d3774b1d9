import type { NostrEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import {
  alice,
  bob,
  dm,
  dmFilter,
  rawClient,
  sign,
  start,
  subscribed,
} from '../../test/support/raw-client.ts';
import { createFakeClock } from '../fake-clock.ts';

type Client = ReturnType<typeof rawClient>;

const wrap = (draft: Partial<NostrEvent> = {}) => sign({ kind: 1059, tags: [['p', bob.pubkey]], ...draft });
const wrapFilter = { kinds: [4, 1059], '#p': [bob.pubkey] };

/** Publishes events, and waits until each has its OK true. */
async function publish(client: Client, ...events: NostrEvent[]): Promise<void> {
  for (const event of events) {
    client.send('EVENT', event);
    await client.has('OK', event.id, true, '');
  }
}

/** Returns the ids of stored events. */
async function stored(client: Client, id: string, filter: object = wrapFilter): Promise<string[]> {
  client.send('REQ', id, filter);
  await client.has('EOSE', id);
  return client.events(id).map((event) => event.id);
}

/** Connects, and subscribes to all that is addressed to bob. */
async function listening(url: string): Promise<Client> {
  const client = rawClient(url);
  await client.isOpen();
  client.send('REQ', 'live', wrapFilter);
  await client.has('EOSE', 'live');
  return client;
}

test('drops-gift-wraps: keeps kind 4, and neither stores nor forwards kind 1059', async () => {
  const relay = await start('drops-gift-wraps');
  const client = await listening(relay.url);
  const plain = dm('plain');
  await publish(client, wrap(), plain);
  expect(client.events('live')).toEqual([plain]);
  expect(await stored(client, 'stored')).toEqual([plain.id]);
  expect(relay.misdeeds()).toBe(1);
});

test('never-forwards: sends a new event to no subscription, but stores it', async () => {
  const relay = await start('never-forwards');
  const client = await listening(relay.url);
  const event = wrap();
  await publish(client, event);
  expect(await stored(client, 'stored')).toEqual([event.id]);
  expect(client.events('live')).toEqual([]);
});

test('forwards-only: sends a new event to subscriptions, but stores none', async () => {
  const relay = await start('forwards-only');
  const client = await listening(relay.url);
  const event = wrap();
  await publish(client, event);
  expect(await stored(client, 'stored')).toEqual([]);
  expect(client.events('live')).toEqual([event]);
});

test('keeps-a-minute: an event is gone after 60 s, live ones come', async () => {
  const clock = createFakeClock();
  const relay = await start('keeps-a-minute', { clock });
  const client = await listening(relay.url);
  const event = wrap();
  await publish(client, event);
  expect(client.events('live')).toEqual([event]);
  await clock.advance(59_999);
  expect(await stored(client, 'before')).toEqual([event.id]);
  await clock.advance(1);
  expect(await stored(client, 'after')).toEqual([]);
});

test('loses-at-random: accepts all, loses its share, the same ones live and stored', async () => {
  const relay = await start('loses-at-random', { seed: 7 });
  const client = await listening(relay.url);
  const events = Array.from({ length: 60 }, (_, index) => dm(`message ${index}`));
  await publish(client, ...events);
  const kept = await stored(client, 'stored');
  expect(
    client
      .events('live')
      .map(({ id }) => id)
      .sort(),
  ).toEqual([...kept].sort());
  expect(relay.misdeeds()).toBe(60 - kept.length);
  expect(kept.length).toBeGreaterThan(30);
  expect(kept.length).toBeLessThan(55);
  // What was lost gets through when it is offered often enough.
  const lost = events.find(({ id }) => !kept.includes(id));
  for (let time = 0; time < 20 && lost; time++) client.send('EVENT', lost);
  expect(await stored(client, 'again')).toContain(lost?.id);
});

test('lies-to-some: drops what a key writes and what is for it, and is honest to others', async () => {
  const relay = await start('lies-to-some', { tuning: { liesTo: [bob.pubkey] } });
  const client = await listening(relay.url);
  const byBob = sign({ kind: 1 }, bob);
  const forAlice = wrap({ tags: [['p', alice.pubkey]] });
  await publish(client, wrap(), byBob, forAlice);
  expect(await stored(client, 'stored', { kinds: [1, 1059] })).toEqual([forAlice.id]);
  expect(client.events('live')).toEqual([]);
  expect(relay.misdeeds()).toBe(2);
});

test('forgets-subscriptions: no live event after 15 s, and queries are answered', async () => {
  const clock = createFakeClock();
  const relay = await start('forgets-subscriptions', { clock });
  const client = await subscribed(relay.url);
  await clock.advance(14_999);
  const [heard, missed] = [dm('heard'), dm('missed')];
  await publish(client, heard);
  // A new REQ with the same id starts over.
  client.send('REQ', 'other', dmFilter);
  await client.has('EOSE', 'other');
  await clock.advance(1);
  await publish(client, missed);
  expect(client.events('dm')).toEqual([heard]);
  expect(client.events('other')).toEqual([heard, missed]);
  expect(await stored(client, 'stored', dmFilter)).toHaveLength(2);
  expect(relay.misdeeds()).toBe(1);
  client.socket.ping();
  await client.has('EOSE', 'stored');
});
