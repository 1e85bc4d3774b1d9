import { expect, test } from 'vitest';
import { createTestMesh, settle } from './support/test-agent.ts';

test('is healthy for the first 15 seconds without a relay, then degraded with the reason', async () => {
  const world = createTestMesh();
  const startedAt = new Date(world.clock.now()).toISOString();
  const box = await world.start({ up: false });
  await world.clock.advance(14_999);
  expect(await box.getStatus({})).toMatchObject({ degraded: false, reasons: [] });
  await world.clock.advance(1);
  expect(await box.getStatus({})).toMatchObject({
    degraded: true,
    reasons: [
      { code: 'no_relay', since: startedAt, message: expect.any(String), next_step: expect.any(String) },
    ],
  });
});

test('is healthy again at once when a relay connects', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const box = await world.start({ up: false });
  await world.clock.advance(60_000);
  box.network.connect('wss://two.test');
  expect(await box.getStatus({})).toMatchObject({ degraded: false, reasons: [] });
});

test('is degraded again 15 seconds after the last relay went, and not before', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const box = await world.start();
  await world.clock.advance(60_000);
  box.network.disconnect('wss://one.test');
  await world.clock.advance(60_000);
  expect(await box.getStatus({})).toMatchObject({ degraded: false });
  const lostAt = new Date(world.clock.now()).toISOString();
  box.network.disconnect('wss://two.test');
  await world.clock.advance(14_999);
  expect(await box.getStatus({})).toMatchObject({ degraded: false });
  await world.clock.advance(1);
  expect(await box.getStatus({})).toMatchObject({ degraded: true, reasons: [{ since: lostAt }] });
});

test('a jump of the wall clock makes nobody degraded', async () => {
  const world = createTestMesh();
  const box = await world.start({ up: false });
  world.clock.jump(3_600_000);
  expect(await box.getStatus({})).toMatchObject({ degraded: false, uptime_seconds: 0 });
});

test('is degraded after 15 seconds in which no relay lets it read messages, though some are connected', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const box = await world.start();
  for (const { url } of world.mesh.relays) box.network.say(url, { carriesDms: false });
  box.network.disconnect('wss://two.test');
  const since = new Date(world.clock.now()).toISOString();
  await world.clock.advance(14_999);
  expect(await box.getStatus({})).toMatchObject({ degraded: false });
  await world.clock.advance(1);
  expect(await box.getStatus({})).toMatchObject({ reasons: [{ code: 'no_dm_relay', since }] });
  // The one reason at a time that says most.
  box.network.disconnect('wss://one.test');
  await world.clock.advance(15_000);
  expect(await box.getStatus({})).toMatchObject({ reasons: [{ code: 'no_relay' }] });
  box.network.say('wss://two.test', { carriesDms: true });
  box.network.connect('wss://two.test');
  expect(await box.getStatus({})).toMatchObject({ degraded: false, reasons: [] });
});

test('a relay of somebody else makes nobody healthy', async () => {
  const world = createTestMesh();
  const box = await world.start();
  box.network.say('wss://one.test', { role: 'peer' });
  await world.clock.advance(20_000);
  expect(await box.getStatus({})).toMatchObject({ reasons: [{ code: 'no_relay' }] });
});

test.each([
  [[600_000, null, null], 0],
  [[601_000, null, null], 1],
  [[-601_000, -700_000, 0], 1],
  // One relay's wrong clock is its own.
  [[9_000_000, 0, 100], 0],
  [[9_000_000, 9_000_000, null], 1],
])('with relays whose clocks differ by %j ms from ours', async (offsets, reasons) => {
  const urls = offsets.map((_, index) => `wss://relay-${index}.test`);
  const world = createTestMesh(...urls);
  const box = await world.start();
  for (const [index, url] of urls.entries()) box.network.say(url, { clockOffsetMs: offsets[index] ?? null });
  const status = await box.getStatus({});
  expect(status.reasons.map(({ code }) => code)).toEqual(reasons ? ['clock_off'] : []);
});

test('says in which direction the clock is wrong, since when, and that it is right again', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const box = await world.start();
  box.network.say('wss://one.test', { clockOffsetMs: 3_600_000 });
  await world.clock.advance(5_000);
  const since = new Date(world.clock.now()).toISOString();
  await world.clock.advance(60_000);
  expect(await box.getStatus({})).toMatchObject({
    degraded: true,
    reasons: [
      { code: 'clock_off', since, message: expect.stringContaining('60 minutes behind those of the relays') },
    ],
  });
  box.network.say('wss://one.test', { clockOffsetMs: -3_600_000 });
  expect((await box.getStatus({})).reasons[0]?.message).toContain('60 minutes ahead of');
  // A relay that is not connected does not count.
  box.network.disconnect('wss://one.test');
  expect(await box.getStatus({})).toMatchObject({ degraded: false });
});

test('says who it is, how long it runs and what its relays do', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const box = await world.start({ name: 'Ann' });
  box.network.disconnect('wss://two.test');
  await world.clock.advance(61_500);
  const since = new Date(world.clock.now() - 61_500).toISOString();
  expect(await box.getStatus({})).toMatchObject({
    daemon_version: '0.3.0',
    uptime_seconds: 61,
    pubkey: box.pubkey,
    npub: expect.stringMatching(/^npub1/),
    name: 'Ann',
    relay_status: [
      { url: 'wss://one.test', state: 'connected', connected_since: since, carries_dms: true },
      { url: 'wss://two.test', state: 'disconnected', connected_since: null, carries_dms: false },
    ],
    storage: { bytes: expect.any(Number), journal_bytes: expect.any(Number) },
  });
  expect(await box.getIdentity({})).toMatchObject({ pubkey: box.pubkey, name: 'Ann' });
  expect(await box.listRelays({})).toMatchObject([{ supported_nips: [1, 11, 40] }, {}]);
  expect(await box.getHealth({})).toEqual({ ok: true });
});

test('logs the connected relays again at every scan', async () => {
  const world = createTestMesh();
  const box = await world.start();
  const lines = () =>
    box.log.lines.filter(({ message }) => message === 'relay connected to wss://one.test').length;
  const before = lines();
  await world.clock.advance(240_000);
  expect(lines()).toBe(before + 2);
});

test('the text of a message never stands in the log', async () => {
  const world = createTestMesh();
  const box = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.dm(box.pubkey, 'my-secret-words'));
  await settle(world.clock);
  await box.sendMessage({ to: bob.pubkey, content: 'my-secret-words' });
  await world.clock.advance(10_000);
  expect(JSON.stringify(box.log.lines)).not.toContain('my-secret-words');
});

test('the log says that no relay is connected, once, and that one is again', async () => {
  const world = createTestMesh('wss://one.test');
  const box = await world.start({ up: false });
  await world.clock.advance(120_000);
  const said = () =>
    box.log.lines.flatMap(({ message }) => (/No relay is connected|healthy/.test(message) ? [message] : []));
  expect(said()).toEqual([expect.stringContaining('No relay is connected')]);
  box.network.connect('wss://one.test');
  await world.clock.advance(10_000);
  expect(said().at(-1)).toBe('healthy again');
});
