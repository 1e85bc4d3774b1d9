import { expect, test } from 'vitest';
import { dm, dmFilter, rawClient, start, subscribed, until } from '../../test/support/raw-client.ts';
import { createFakeClock } from '../fake-clock.ts';

test('half-open: accepts the upgrade and then sends nothing', async () => {
  const relay = await start('half-open');
  const client = rawClient(relay.url);
  await client.isOpen();
  client.send('REQ', 'dm', dmFilter);
  client.send('EVENT', dm('into the void'));
  client.socket.ping();
  client.socket.close();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(client.frames).toEqual([]);
  expect(client.pongs()).toBe(0);
  // Not even a close frame.
  expect(client.socket.readyState).toBe(client.socket.CLOSING);
  expect(relay.connections()).toBe(1);
});

test('never-upgrades: accepts the connection and responds neither to an upgrade nor to a request', async () => {
  const relay = await start('never-upgrades');
  const client = rawClient(relay.url, { handshakeTimeout: 200 });
  const document = fetch(relay.url.replace('ws', 'http'), { signal: AbortSignal.timeout(200) });
  await expect(document).rejects.toThrow('timeout');
  await client.isClosed();
  expect(client.problems).toEqual(['Opening handshake has timed out']);
  expect(relay.connections()).toBe(1);
});

test('notice-instead-of-closed: refuses a REQ for messages without naming it', async () => {
  const relay = await start('notice-instead-of-closed');
  const client = rawClient(relay.url);
  await client.isOpen();
  client.send('REQ', 'dm', dmFilter);
  client.send('REQ', 'presence', { kinds: [31337] });
  await client.has('EOSE', 'presence');
  expect(client.frames).toEqual([
    ['NOTICE', 'restricted: this filter is not allowed'],
    ['EOSE', 'presence'],
  ]);
});

test('loses-first-req: loses every REQ in the first 50 ms, and no later one', async () => {
  const clock = createFakeClock();
  const relay = await start('loses-first-req', { clock });
  const client = rawClient(relay.url);
  await client.isOpen();
  client.send('REQ', 'early', dmFilter);
  await until(() => expect(relay.received('REQ')).toHaveLength(1));
  await clock.advance(49);
  client.send('REQ', 'still early', dmFilter);
  await until(() => expect(relay.received('REQ')).toHaveLength(2));
  await clock.advance(1);
  client.send('REQ', 'late', dmFilter);
  await client.has('EOSE', 'late');
  expect(client.frames).toEqual([['EOSE', 'late']]);
  expect(relay.subscriptions()).toBe(1);
});

test('flapper: cuts every connection after a while, without a close frame', async () => {
  const clock = createFakeClock();
  const relay = await start('flapper', { clock });
  for (let time = 1; time <= 2; time++) {
    const client = await subscribed(relay.url);
    await clock.advance(1_999);
    client.send('REQ', 'still there', dmFilter);
    await client.has('EOSE', 'still there');
    await clock.advance(1);
    await client.isClosed();
    expect(relay.misdeeds()).toBe(time);
  }
  expect(relay.subscriptions()).toBe(0);
});
