import { expect, test } from 'vitest';
import { dm, dmFilter, rawClient, start, subscribed, until } from '../../test/support/raw-client.ts';

test('lying-ok: sends OK for anything at once, and for ids that nobody sent', async () => {
  const relay = await start('lying-ok');
  const client = rawClient(relay.url);
  await until(() => expect(client.ofType('OK')).toHaveLength(2));
  const good = dm('hello');
  client.send('EVENT', { id: 'no event at all' });
  client.send('EVENT', good);
  await client.has('OK', 'no event at all', true, '');
  await client.has('OK', good.id, true, '');
  await until(() => expect(client.ofType('OK')).toHaveLength(8));
  const own = [good.id, 'no event at all'];
  const invented = client.ofType('OK').filter(([, id]) => !own.includes(String(id)));
  expect(new Set(invented.map(([, id]) => id)).size).toBe(6);
  expect(invented.map(([, , accepted]) => accepted)).toEqual([true, false, true, false, true, false]);
  expect(relay.stored()).toEqual([good]);
});

test('ok-but-drops: sends OK, but stores and forwards nothing', async () => {
  const relay = await start('ok-but-drops');
  const client = await subscribed(relay.url);
  const event = dm('gone');
  client.send('EVENT', event);
  await client.has('OK', event.id, true, '');
  client.send('REQ', 'again', dmFilter);
  await client.has('EOSE', 'again');
  expect(client.ofType('EVENT')).toEqual([]);
  expect(relay.stored()).toEqual([]);
  expect(relay.misdeeds()).toBe(1);
});

test('duplicates-and-reorders: each event comes ten times, stored and live, out of order', async () => {
  const relay = await start('duplicates-and-reorders');
  const client = await subscribed(relay.url);
  const sent = Array.from({ length: 5 }, (_, index) => dm(`message ${index}`));
  for (const event of sent) client.send('EVENT', event);
  const ids = sent.map(({ id }) => id);
  const expectShuffled = (received: string[]) => {
    expect([...received].sort()).toEqual(ids.flatMap((id) => Array(10).fill(id)).sort());
    expect(received).not.toEqual(ids.flatMap((id) => Array(10).fill(id)));
    expect([...new Set(received)]).not.toEqual(ids);
  };
  await until(() => expect(client.events('dm')).toHaveLength(50));
  expectShuffled(client.events('dm').map(({ id }) => id));
  client.send('REQ', 'stored', dmFilter);
  await client.has('EOSE', 'stored');
  expectShuffled(client.events('stored').map(({ id }) => id));
});

test('never-eose: sends stored and live events, but never EOSE', async () => {
  const relay = await start('never-eose');
  const [stored, live] = [dm('stored'), dm('live')];
  const client = rawClient(relay.url);
  await client.isOpen();
  client.send('EVENT', stored);
  client.send('REQ', 'dm', dmFilter);
  client.send('EVENT', live);
  await until(() => expect(client.events('dm')).toEqual([stored, live]));
  expect(client.ofType('EOSE')).toEqual([]);
  expect(relay.misdeeds()).toBe(1);
});
