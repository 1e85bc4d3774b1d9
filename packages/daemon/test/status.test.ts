import { expect, test } from 'vitest';
import { createTestMesh, settle } from './support/test-agent.ts';

test('is healthy for the first 15 seconds without a relay, then degraded with the reason', async () => {
  const world = createTestMesh();
  const startedAt = new Date(world.clock.now()).toISOString();
  const agent = await world.start({ up: false });
  await world.clock.advance(14_999);
  expect(await agent.getStatus({})).toMatchObject({ degraded: false, reasons: [] });
  await world.clock.advance(1);
  expect(await agent.getStatus({})).toMatchObject({
    degraded: true,
    reasons: [
      { code: 'no_relay', since: startedAt, message: expect.any(String), next_step: expect.any(String) },
    ],
  });
});

test('is healthy again as soon as a relay connects', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const agent = await world.start({ up: false });
  await world.clock.advance(60_000);
  agent.network.connect('wss://two.test');
  expect(await agent.getStatus({})).toMatchObject({ degraded: false, reasons: [] });
});

test('is degraded 15 seconds after the last relay disconnected, and not before', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const agent = await world.start();
  await world.clock.advance(60_000);
  agent.network.disconnect('wss://one.test');
  await world.clock.advance(60_000);
  expect(await agent.getStatus({})).toMatchObject({ degraded: false });
  const lostAt = new Date(world.clock.now()).toISOString();
  agent.network.disconnect('wss://two.test');
  await world.clock.advance(14_999);
  expect(await agent.getStatus({})).toMatchObject({ degraded: false });
  await world.clock.advance(1);
  expect(await agent.getStatus({})).toMatchObject({ degraded: true, reasons: [{ since: lostAt }] });
});

test('a jump of the wall clock does not make it degraded', async () => {
  const world = createTestMesh();
  const agent = await world.start({ up: false });
  world.clock.jump(3_600_000);
  expect(await agent.getStatus({})).toMatchObject({ degraded: false, uptime_seconds: 0 });
});

test('is degraded after 15 seconds in which relays are connected but none lets it read messages', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const agent = await world.start();
  for (const { url } of world.mesh.relays) agent.network.say(url, { carriesDms: false });
  agent.network.disconnect('wss://two.test');
  const since = new Date(world.clock.now()).toISOString();
  await world.clock.advance(14_999);
  expect(await agent.getStatus({})).toMatchObject({ degraded: false });
  await world.clock.advance(1);
  expect(await agent.getStatus({})).toMatchObject({ reasons: [{ code: 'no_dm_relay', since }] });
  // Only the stronger of the two reasons is shown.
  agent.network.disconnect('wss://one.test');
  await world.clock.advance(15_000);
  expect(await agent.getStatus({})).toMatchObject({ reasons: [{ code: 'no_relay' }] });
  agent.network.say('wss://two.test', { carriesDms: true });
  agent.network.connect('wss://two.test');
  expect(await agent.getStatus({})).toMatchObject({ degraded: false, reasons: [] });
});

test('is degraded after 15 seconds in which no relay shows it other agents', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  for (const relay of world.mesh.relays) relay.showsPresences = false;
  const agent = await world.start();
  await world.clock.advance(14_999);
  expect(await agent.getStatus({})).toMatchObject({ degraded: false });
  await world.clock.advance(1);
  expect(await agent.getStatus({})).toMatchObject({
    degraded: true,
    reasons: [{ code: 'no_discovery', next_step: expect.stringContaining('POST /relays') }],
  });
  // A scan that works is enough: a relay may allow too few subscriptions.
  world.mesh.relay('wss://two.test').showsPresences = true;
  await world.clock.advance(120_000);
  expect(await agent.getStatus({})).toMatchObject({ degraded: false, reasons: [] });
  agent.network.disconnect('wss://two.test');
  await world.clock.advance(15_000);
  expect(await agent.getStatus({})).toMatchObject({ reasons: [{ code: 'no_discovery' }] });
});

test('a connected relay of a peer does not count', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  agent.network.say('wss://one.test', { role: 'peer' });
  await world.clock.advance(20_000);
  expect(await agent.getStatus({})).toMatchObject({ reasons: [{ code: 'no_relay' }] });
});

test.each([
  [[600_000, null, null], 0],
  [[601_000, null, null], 1],
  [[-601_000, -700_000, 0], 1],
  // A single relay with a wrong clock.
  [[9_000_000, 0, 100], 0],
  [[9_000_000, 9_000_000, null], 1],
])('decides by the median whether our clock is off: relays differ by %j ms', async (offsets, reasons) => {
  const urls = offsets.map((_, index) => `wss://relay-${index}.test`);
  const world = createTestMesh(...urls);
  const agent = await world.start();
  for (const [index, url] of urls.entries())
    agent.network.say(url, { clockOffsetMs: offsets[index] ?? null });
  const status = await agent.getStatus({});
  expect(status.reasons.map(({ code }) => code)).toEqual(reasons ? ['clock_off'] : []);
});

test('reports in which direction the clock is wrong and since when, until it is right again', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const agent = await world.start();
  agent.network.say('wss://one.test', { clockOffsetMs: 3_600_000 });
  await world.clock.advance(5_000);
  const since = expect.stringMatching(/^2026-01-01T00:00:0[0-5]/);
  await world.clock.advance(60_000);
  expect(await agent.getStatus({})).toMatchObject({
    degraded: true,
    reasons: [
      { code: 'clock_off', since, message: expect.stringContaining('60 minutes behind those of the relays') },
    ],
  });
  agent.network.say('wss://one.test', { clockOffsetMs: -3_600_000 });
  expect((await agent.getStatus({})).reasons[0]?.message).toContain('60 minutes ahead of');
  // A disconnected relay does not count.
  agent.network.disconnect('wss://one.test');
  expect(await agent.getStatus({})).toMatchObject({ degraded: false });
});

test('reports its identity, its uptime and the state of its relays', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const agent = await world.start({ name: 'Ann' });
  agent.network.disconnect('wss://two.test');
  await world.clock.advance(61_500);
  const since = new Date(world.clock.now() - 61_500).toISOString();
  expect(await agent.getStatus({})).toMatchObject({
    daemon_version: '0.3.0',
    uptime_seconds: 61,
    pubkey: agent.pubkey,
    npub: expect.stringMatching(/^npub1/),
    name: 'Ann',
    relay_status: [
      { url: 'wss://one.test', state: 'connected', connected_since: since, carries_dms: true },
      { url: 'wss://two.test', state: 'disconnected', connected_since: null, carries_dms: false },
    ],
    storage: { bytes: expect.any(Number), journal_bytes: expect.any(Number) },
  });
  expect(await agent.getIdentity({})).toMatchObject({ pubkey: agent.pubkey, name: 'Ann' });
  expect(await agent.listRelays({})).toMatchObject([{ supported_nips: [1, 11, 40] }, {}]);
  expect(await agent.getHealth({})).toEqual({ ok: true });
});

test('logs the connected relays again at every scan', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const lines = () =>
    agent.log.lines.filter(({ message }) => message === 'relay connected to wss://one.test').length;
  const before = lines();
  await world.clock.advance(240_000);
  expect(lines()).toBe(before + 2);
});

test('never logs the text of a message', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.dm(agent.pubkey, 'my-secret-words'));
  await settle(world.clock);
  await agent.sendMessage({ to: bob.pubkey, content: 'my-secret-words' });
  await world.clock.advance(10_000);
  expect(JSON.stringify(agent.log.lines)).not.toContain('my-secret-words');
});

test('logs once that no relay is connected, and once that it is healthy again', async () => {
  const world = createTestMesh('wss://one.test');
  const agent = await world.start({ up: false });
  await world.clock.advance(120_000);
  const logged = () =>
    agent.log.lines.flatMap(({ message }) =>
      /No relay is connected|healthy/.test(message) ? [message] : [],
    );
  expect(logged()).toEqual([expect.stringContaining('No relay is connected')]);
  agent.network.connect('wss://one.test');
  await world.clock.advance(10_000);
  expect(logged().at(-1)).toBe('healthy again');
});

test('names the proxy, and not the relays, as the reason that none is connected', async () => {
  const [one, two, local] = ['wss://one.test', 'wss://two.test', 'ws://127.0.0.1:7447'] as const;
  const world = createTestMesh(one, two, local);
  const agent = await world.start();
  const lastError = 'the proxy socks5h://127.0.0.1:9050 cannot be reached (ECONNREFUSED)';
  for (const url of [one, two]) {
    world.mesh.relay(url).reachable = false;
    agent.network.disconnect(url);
    agent.network.say(url, { isProxyDown: true, lastError });
  }
  await world.clock.advance(10_000);
  expect((await agent.getStatus({})).reasons).toEqual([]);
  await world.clock.advance(30_000);
  const named = { code: 'proxy_down', message: expect.stringContaining(lastError) };
  // A relay that needs no proxy does not make it well.
  expect((await agent.getStatus({})).reasons).toMatchObject([named]);
  world.mesh.relay(local).reachable = false;
  agent.network.disconnect(local);
  await world.clock.advance(70_000);
  expect((await agent.getStatus({})).reasons).toMatchObject([named]);
  for (const url of [one, two]) agent.network.say(url, { isProxyDown: false });
  expect((await agent.getStatus({})).reasons).toMatchObject([{ code: 'no_relay' }]);
});

test('names a proxy that fails only after a while as soon as that is known', async () => {
  const url = 'wss://one.test';
  const world = createTestMesh(url);
  const agent = await world.start();
  world.mesh.relay(url).reachable = false;
  agent.network.disconnect(url);
  await world.clock.advance(30_000);
  expect((await agent.getStatus({})).reasons).toMatchObject([{ code: 'no_relay' }]);
  agent.network.say(url, { isProxyDown: true, lastError: 'the proxy did not respond' });
  expect((await agent.getStatus({})).reasons).toMatchObject([{ code: 'proxy_down' }]);
});
