import { expect, onTestFinished, test } from 'vitest';
import { dm, dmFilter, rawClient, start, subscribed, until } from '../test/support/raw-client.ts';
import { type ChaosProxyOptions, startChaosProxy } from './chaos-proxy.ts';
import { createFakeClock } from './fake-clock.ts';

/** Starts a proxy in front of a practically honest relay. */
async function proxied(options: Partial<ChaosProxyOptions> = {}) {
  const relay = await start('rate-limiter', { tuning: { writesPerMinute: 1_000 } });
  const clock = createFakeClock();
  const proxy = await startChaosProxy({ relayUrl: relay.url, clock, ...options });
  onTestFinished(() => proxy.close());
  return { relay, clock, proxy };
}

/** Waits long enough for data to cross loopback. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 50));

test('forwards everything unchanged', async () => {
  const { proxy, relay } = await proxied();
  const client = await subscribed(proxy.url);
  const large = dm('x'.repeat(50_000));
  client.send('EVENT', large);
  await until(() => expect(client.events('dm')).toEqual([large]));
  const response = await fetch(proxy.url.replace('ws', 'http'), { headers: { connection: 'close' } });
  expect(await response.json()).toMatchObject({ name: 'rate-limiter' });
  client.socket.close();
  await client.isClosed();
  await until(() => expect(proxy.stats().connections).toBe(0));
  expect(relay.subscriptions()).toBe(0);
});

test('holds every chunk for the latency, in order', async () => {
  const { proxy, clock, relay } = await proxied();
  const client = await subscribed(proxy.url);
  proxy.set({ latencyMs: 100 });
  for (let index = 0; index < 5; index++) client.send('REQ', `${index}`, { ...dmFilter, limit: 0 });
  await aMoment();
  await clock.advance(99);
  expect(relay.received('REQ')).toHaveLength(1);
  await clock.advance(1);
  await until(() => expect(relay.received('REQ')).toHaveLength(6));
  await aMoment();
  expect(client.ofType('EOSE')).toHaveLength(1);
  await clock.advance(100);
  await client.has('EOSE', '4');
  expect(client.ofType('EOSE').map(([, id]) => id)).toEqual(['dm', '0', '1', '2', '3', '4']);
});

test('a stall holds everything after it', async () => {
  const { proxy, clock } = await proxied();
  const client = await subscribed(proxy.url);
  proxy.set({ stallChance: 1, stallMs: 2_000 });
  client.send('REQ', 'stalled', dmFilter);
  await until(() => expect(proxy.stats().stalls).toBe(1));
  proxy.set({ stallChance: 0 });
  client.send('REQ', 'behind', dmFilter);
  await aMoment();
  await clock.advance(1_999);
  expect(client.ofType('EOSE')).toHaveLength(1);
  await clock.advance(1);
  await client.has('EOSE', 'behind');
  expect(client.ofType('EOSE').map(([, id]) => id)).toEqual(['dm', 'stalled', 'behind']);
});

test('the same seed gives the same stalls and cuts', async () => {
  const run = async (seed: number) => {
    const { proxy } = await proxied({ seed });
    const client = await subscribed(proxy.url);
    proxy.set({ cutChance: 0.2 });
    let survived = 0;
    for (; client.socket.readyState === client.socket.OPEN && survived < 100; survived++) {
      client.send('REQ', `${survived}`, { ...dmFilter, limit: 0 });
      await until(() => {
        const isCut = client.socket.readyState === client.socket.CLOSED;
        expect(isCut || client.ofType('EOSE').some(([, id]) => id === `${survived}`)).toBe(true);
      });
    }
    expect(proxy.stats().cuts).toBe(1);
    return survived;
  };
  const runs = [await run(1), await run(1), await run(2), await run(3)];
  expect(runs[0]).toBe(runs[1]);
  expect(new Set(runs).size).toBeGreaterThan(1);
});

test('a partition silently holds both directions and new connections, and heals', async () => {
  const { proxy, relay } = await proxied();
  const client = await subscribed(proxy.url);
  proxy.partition();
  const newcomer = rawClient(proxy.url);
  client.send('REQ', 'asked while apart', dmFilter);
  client.socket.ping();
  await aMoment();
  expect(relay.received('REQ')).toHaveLength(1);
  expect(relay.connections()).toBe(1);
  expect(client.pongs()).toBe(0);
  expect(client.socket.readyState).toBe(client.socket.OPEN);
  expect(newcomer.socket.readyState).toBe(newcomer.socket.CONNECTING);
  proxy.heal();
  await client.has('EOSE', 'asked while apart');
  await until(() => expect(client.pongs()).toBe(1));
  await newcomer.isOpen();
});

test('a one-way partition does not affect the other direction', async () => {
  const { proxy, relay } = await proxied();
  const client = await subscribed(proxy.url);
  proxy.partition('from-relay');
  const event = dm('arrives, but its OK does not');
  client.send('EVENT', event);
  await until(() => expect(relay.stored()).toEqual([event]));
  await aMoment();
  expect(client.frames).toEqual([['EOSE', 'dm']]);
  proxy.heal();
  await client.has('OK', event.id, true, '');
});

test('a client that gave up during a partition is closed after it', async () => {
  const { proxy, relay } = await proxied();
  const client = await subscribed(proxy.url);
  proxy.partition();
  client.socket.terminate();
  await client.isClosed();
  const impatient = rawClient(proxy.url, { handshakeTimeout: 50 });
  await impatient.isClosed();
  await until(() => expect(proxy.stats().connections).toBe(1));
  expect(relay.subscriptions()).toBe(1);
  proxy.heal();
  await until(() => expect(relay.subscriptions()).toBe(0));
  await until(() => expect(proxy.stats().connections).toBe(0));
  expect(relay.connections()).toBe(1);
});

test('cuts without a close frame', async () => {
  const { proxy, relay } = await proxied();
  const client = await subscribed(proxy.url);
  proxy.cut();
  await client.isClosed();
  await until(() => expect(relay.subscriptions()).toBe(0));
  expect(proxy.stats()).toMatchObject({ connections: 0, cuts: 1 });
});

test('a relay that is down looks like one that closes', async () => {
  const { proxy, relay } = await proxied();
  await relay.close();
  const client = rawClient(proxy.url);
  await client.isClosed();
  expect(proxy.stats().connections).toBe(0);
});

test('a partition slows a writer down before memory fills up, and loses nothing', async () => {
  const { proxy, relay } = await proxied();
  const client = await subscribed(proxy.url);
  proxy.partition('to-relay');
  const filler = 'x'.repeat(1024 * 1024);
  for (let index = 0; index < 20; index++) client.send('NOTICE', index, filler);
  await aMoment();
  expect(client.socket.bufferedAmount).toBeGreaterThan(filler.length);
  proxy.heal();
  await until(() => expect(relay.received('NOTICE')).toHaveLength(20));
  expect(relay.received('NOTICE').map(([, index]) => index)).toEqual([...Array(20).keys()]);
});
