import { hourMs } from '@ocmesh/shared/ambient';
import { expect, test } from 'vitest';
import { connected, openNetwork, rawPresence, until } from '../../../test/support/open-network.ts';
import { startScriptedRelay } from '../../../test/support/scripted-relay.ts';

const someTime = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

test('a connection that answers a ping after a wake-up is kept', async () => {
  const { network, clock, count, relay } = await connected();
  for (let i = 0; i < 3; i++) network.wake();
  await someTime();
  await clock.advance(5_000);
  await someTime();
  expect([count('disconnected'), relay().open]).toEqual([0, true]);
});

test('one that does not is closed after five seconds and reconnected at once', async () => {
  let isAwake = true;
  const scripted = await startScriptedRelay({ pongs: false, onFrame: () => !isAwake });
  const { network, clock, count, relay } = openNetwork([scripted.url]);
  await until(() => expect(count('subscribed dm')).toBe(1));
  isAwake = false;
  network.wake();
  // A frame may have been under way for hours: it does not count.
  scripted.send(['EVENT', 'presence', rawPresence('old')]);
  await someTime();
  await clock.advance(4_999);
  expect(relay().open).toBe(true);
  await clock.advance(1);
  await until(() => expect(count('disconnected')).toBe(1));
  expect(relay().lastError).toBe('no response to a ping after a wake-up');
  await clock.advance(1_000);
  await until(() => expect(count('connected')).toBe(2));
});

test('a relay that waits for the next attempt is tried at once, and its pauses start over', async () => {
  const scripted = await startScriptedRelay({ onUpgrade: () => ({ status: 503 }) });
  const good = await startScriptedRelay();
  const { network, relay, pass, clock } = openNetwork([scripted.url, good.url]);
  await until(() => expect(relay(good.url).open).toBe(true));
  await pass(good, 20 * 60_000);
  await until(() => expect(relay().state).toBe('disconnected'));
  const before = scripted.requests().upgrades;
  network.wake();
  expect(relay().state).toBe('connecting');
  await until(() => expect(relay().state).toBe('disconnected'));
  expect(scripted.requests().upgrades).toBe(before + 1);
  await clock.advance(1_000);
  await until(() => expect(scripted.requests().upgrades).toBe(before + 2));
});

test('a relay in back-off stays there', async () => {
  const scripted = await startScriptedRelay({ onUpgrade: () => ({ status: 429 }) });
  const { network, relay } = openNetwork([scripted.url]);
  await until(() => expect(relay().backoffUntil).not.toBeNull());
  network.wake();
  await someTime();
  expect([relay().state, scripted.requests().upgrades]).toEqual(['disconnected', 1]);
});

test('its document is fetched again, and its clock read again', async () => {
  let date = 'Thu, 01 Jan 2026 00:10:00 GMT';
  const { network, relay, scripted, clock } = await connected({
    headers: { date },
    onRequest: (_, response) => response.writeHead(200, { date }).end('{}'),
  });
  await until(() => expect(relay().info).not.toBeNull());
  expect(relay().clockOffsetMs).toBe(600_500);
  // Our clock is changed: that shows at once.
  clock.jump(600_000);
  expect(relay().clockOffsetMs).toBe(500);
  date = 'Thu, 01 Jan 2026 00:30:00 GMT';
  network.wake();
  expect(relay().clockOffsetMs).toBeNull();
  await until(() => expect(scripted.requests().documents).toBe(2));
  await until(() => expect(relay().clockOffsetMs).toBe(1_200_500));
});

test('the document is fetched once a day, however often the connection is lost', async () => {
  const { scripted, clock, count, relay } = await connected({
    onRequest: (_, response) => response.end('{"supported_nips":[1]}'),
  });
  await until(() => expect(relay().info).not.toBeNull());
  for (let i = 2; i <= 5; i++) {
    scripted.cut();
    await until(() => expect(relay().open).toBe(false));
    while (relay().state !== 'connecting') await clock.advance(100);
    await until(() => expect(count('connected')).toBe(i));
  }
  expect(scripted.requests().documents).toBe(1);
  expect(count('info')).toBe(5);
  await clock.advance(24 * hourMs);
  await until(() => expect(relay().open).toBe(false));
  while (relay().state !== 'connecting') await clock.advance(100);
  await until(() => expect(count('connected')).toBe(6));
  expect(scripted.requests().documents).toBe(2);
});

test('the clock of a relay that sends no date is unknown', async () => {
  const { relay } = await connected({ onRequest: (_, response) => response.end('{}') });
  await until(() => expect(relay().info).not.toBeNull());
  // Node adds a date to every HTTP response.
  expect(relay().clockOffsetMs).not.toBeNull();
  const silent = await connected({ onRequest: (_, response) => response.destroy() });
  expect(silent.relay().clockOffsetMs).toBeNull();
});
