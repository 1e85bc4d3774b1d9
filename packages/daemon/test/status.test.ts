import { expect, test } from 'vitest';
import { createWorld, settle } from './support/agent-in-a-box.ts';

test('is healthy for the first 15 seconds without a relay, then degraded with the reason', async () => {
  const world = createWorld();
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
  const world = createWorld('wss://one.test', 'wss://two.test');
  const box = await world.start({ up: false });
  await world.clock.advance(60_000);
  box.network.connect('wss://two.test');
  expect(await box.getStatus({})).toMatchObject({ degraded: false, reasons: [] });
});

test('is degraded again 15 seconds after the last relay went, and not before', async () => {
  const world = createWorld('wss://one.test', 'wss://two.test');
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
  const world = createWorld();
  const box = await world.start({ up: false });
  world.clock.jump(3_600_000);
  expect(await box.getStatus({})).toMatchObject({ degraded: false, uptime_seconds: 0 });
});

test('says who it is, how long it runs and what its relays do', async () => {
  const world = createWorld('wss://one.test', 'wss://two.test');
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
  const world = createWorld();
  const box = await world.start();
  const lines = () =>
    box.log.lines.filter(({ message }) => message === 'relay connected to wss://one.test').length;
  const before = lines();
  await world.clock.advance(240_000);
  expect(lines()).toBe(before + 2);
});

test('the text of a message never stands in the log', async () => {
  const world = createWorld();
  const box = await world.start();
  const bob = world.puppet('bob');
  world.relay.push(bob.dm(box.pubkey, 'my-secret-words'));
  await settle(world.clock);
  await box.sendMessage({ to: bob.pubkey, content: 'my-secret-words' });
  await world.clock.advance(10_000);
  expect(JSON.stringify(box.log.lines)).not.toContain('my-secret-words');
});
