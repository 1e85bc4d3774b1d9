import { expect, test } from 'vitest';
import { dm, dmFilter, rawClient, start, subscribed, until } from '../../test/support/raw-client.ts';
import { createFakeClock } from '../fake-clock.ts';

test('huge-frame: sends a frame of four megabytes now and then', async () => {
  const relay = await start('huge-frame');
  const client = await subscribed(relay.url);
  for (let index = 0; index < 9; index++) client.send('REQ', `${index}`, { ...dmFilter, limit: 0 });
  await client.has('EOSE', '8');
  expect(client.ofType('NOTICE').map(([, text]) => String(text).length)).toEqual([4 * 1024 * 1024]);
  expect(relay.misdeeds()).toBe(1);
});

test('zip-bomb: kilobytes inflate to megabytes for a client that offers compression', async () => {
  const bombBytes = 8 * 1024 * 1024;
  const relay = await start('zip-bomb', { tuning: { bombBytes } });
  const client = rawClient(relay.url, { perMessageDeflate: true });
  await until(() => expect(client.ofType('NOTICE')).toHaveLength(1));
  expect(JSON.stringify(client.ofType('NOTICE')[0])).toHaveLength(bombBytes);
  // Afterwards it behaves normally.
  const event = dm('after the bomb');
  client.send('REQ', 'dm', dmFilter);
  client.send('EVENT', event);
  await until(() => expect(client.events('dm')).toEqual([event]));
});

test('zip-bomb: compresses without agreement, and claims an agreement without offer', async () => {
  const relay = await start('zip-bomb', { tuning: { bombBytes: 1024 * 1024 } });
  const first = rawClient(relay.url);
  await first.isClosed();
  expect(first.problems.join()).toContain('Sec-WebSocket-Extensions');
  const second = rawClient(relay.url);
  await second.isClosed();
  expect(second.problems.join()).toContain('RSV1 must be clear');
  expect(relay.misdeeds()).toBe(2);
});

test('zip-bomb: its NIP-11 document inflates, too', async () => {
  const bombBytes = 8 * 1024 * 1024;
  const relay = await start('zip-bomb', { tuning: { bombBytes } });
  const response = await fetch(relay.url.replace('ws', 'http'));
  expect(response.headers.get('content-encoding')).toBe('gzip');
  expect(Number(response.headers.get('content-length'))).toBeLessThan(bombBytes / 500);
  expect(await response.text()).toHaveLength(bombBytes);
});

test('slow-drip: a frame, a pong and a document come byte by byte', async () => {
  const clock = createFakeClock();
  const relay = await start('slow-drip', { clock });
  const client = rawClient(relay.url);
  await client.isOpen();
  let bytes = 0;
  client.socket.once('pong', () => expect(bytes).toBeGreaterThan(0));
  client.send('REQ', 'dm', dmFilter);
  client.socket.ping('x');
  await until(() => expect(relay.misdeeds()).toBe(1));
  // Two bytes of header, then the text.
  const frameBytes = 2 + JSON.stringify(['EOSE', 'dm']).length;
  for (bytes = 1; bytes < frameBytes; bytes++) await clock.advance(20);
  expect(relay.misdeeds()).toBe(frameBytes);
  await client.has('EOSE', 'dm');
  expect(client.pongs()).toBe(0);
  await clock.advance(20 * 3);
  await until(() => expect(client.pongs()).toBe(1));

  const before = relay.misdeeds();
  const response = await fetch(relay.url.replace('ws', 'http'));
  await until(() => expect(relay.misdeeds()).toBe(before + 1));
  await clock.advance(20 * 100);
  expect(await response.json()).toEqual({ name: 'slow', supported_nips: [1, 11] });
});
