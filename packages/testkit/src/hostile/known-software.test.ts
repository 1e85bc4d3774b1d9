import { expect, test } from 'vitest';
import {
  authenticate,
  bob,
  challenged,
  dm,
  dmFilter,
  rawClient,
  start,
  subscribed,
  until,
} from '../../test/support/raw-client.ts';

test('nostr-rs-relay: no EOSE for a REQ with only `limit: 0`, but its live events', async () => {
  const relay = await start('nostr-rs-relay');
  const client = rawClient(relay.url);
  await client.isOpen();
  const [stored, live] = [dm('stored'), dm('live')];
  client.send('EVENT', stored);
  client.send('REQ', 'live', { ...dmFilter, limit: 0 });
  client.send('REQ', 'mixed', { ...dmFilter, limit: 0 }, { ...dmFilter, limit: 1 });
  // A repeated REQ is ignored.
  client.send('REQ', 'mixed', { ...dmFilter, limit: 0 }, { ...dmFilter, limit: 1 });
  client.send('EVENT', live);
  await client.has('EVENT', 'mixed', live);
  expect(client.events('live')).toEqual([live]);
  expect(client.events('mixed')).toEqual([stored, live]);
  expect(client.ofType('EOSE')).toEqual([['EOSE', 'mixed']]);
  expect(relay.misdeeds()).toBe(2);
});

test('nostr-rs-relay-dms: withholds messages without a word until AUTH, which gets no OK', async () => {
  const relay = await start('nostr-rs-relay-dms');
  const client = await challenged(relay.url);
  const event = dm('withheld');
  client.send('REQ', 'before', dmFilter);
  client.send('EVENT', event);
  await client.has('OK', event.id, true, '');
  client.send('REQ', 'before, too', dmFilter);
  await client.has('EOSE', 'before, too');
  authenticate(client, relay.url);
  client.send('REQ', 'after', dmFilter);
  await client.has('EVENT', 'after', event);
  expect(client.ofType('EVENT')).toHaveLength(1);
  expect(client.ofType('OK')).toHaveLength(1);
  expect(client.ofType('CLOSED')).toEqual([]);
  // A subscription from before gets live events.
  const live = dm('live');
  client.send('EVENT', live);
  await client.has('EVENT', 'before', live);
});

test('khatru: challenges with the refusal of a message or its REQ, and serves after AUTH', async () => {
  const relay = await start('khatru');
  const client = rawClient(relay.url);
  await client.isOpen();
  client.send('REQ', 'presence', { kinds: [31337] });
  await client.has('EOSE', 'presence');
  expect(client.ofType('AUTH')).toEqual([]);
  const event = dm('hello');
  client.send('EVENT', event);
  await client.has('OK', event.id, false, 'auth-required: authenticate to publish direct messages');
  client.send('REQ', 'dm', dmFilter);
  await client.has('CLOSED', 'dm', 'auth-required: authenticate to read direct messages');
  expect(client.frames.map(([type]) => type).slice(1)).toEqual(['AUTH', 'OK', 'AUTH', 'CLOSED']);
  const id = authenticate(client, relay.url, bob);
  await client.has('OK', id, true, '');
  client.send('REQ', 'dm', dmFilter);
  client.send('EVENT', event);
  await until(() => expect(client.events('dm')).toEqual([event]));
});

test('khatru: takes an event of 400 kB, and closes the connection at a larger frame', async () => {
  const relay = await start('khatru');
  const client = await subscribed(relay.url, {}, { kinds: [1] });
  const large = dm('', { kind: 1, content: 'x'.repeat(400_000) });
  client.send('EVENT', large);
  await client.has('EVENT', 'dm', large);
  client.send('EVENT', dm('', { kind: 1, content: 'x'.repeat(512_000) }));
  await client.isClosed();
});
