import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { hourMs } from '@ocmesh/shared/ambient';
import { watchSlowdown } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { connected, openNetwork, rawDm, rawEvent, until } from '../../../test/support/open-network.ts';
import { type ScriptedRelay, startScriptedRelay } from '../../../test/support/scripted-relay.ts';
import { nostrLimits } from './limits.ts';

const MINUTE_MS = 60_000;

/** Returns a port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the list of our own relays', () => {
  test('may change: new ones are connected, removed ones disconnected, the others not touched', async () => {
    const [one, two, three] = await Promise.all([1, 2, 3].map(() => startScriptedRelay()));
    if (!one || !two || !three) throw new Error('no relays');
    const { network, reports, count, relay } = openNetwork([one.url, two.url]);
    await until(() => expect(count('subscribed dm')).toBe(2));
    network.use([three.url, two.url, three.url]);
    expect(network.relays().map(({ url }) => url)).toEqual([three.url, two.url]);
    expect(reports.at(-1)).not.toEqual([one.url, 'connected']);
    await until(() => expect(count('subscribed dm')).toBe(3));
    await until(() => expect(one.open()).toBe(0));
    expect(reports.filter(([url]) => url === one.url).at(-1)).toEqual([one.url, 'disconnected']);
    expect(two.connections()).toBe(1);
    expect(relay(two.url)).toMatchObject({ role: 'own', state: 'connected' });
    expect(await network.publish(one.url, {} as never)).toMatchObject({ outcome: 'not_connected' });
  });

  test('may lose a relay that is sending: nothing more is reported of it', async () => {
    const { network, scripted, reports, events } = await connected();
    scripted.send(['EVENT', 'dm', rawDm('under way')]);
    network.use([]);
    const before = [reports.length, events.length];
    scripted.send(['EVENT', 'dm', rawDm('late')]);
    scripted.send('garbage');
    await until(() => expect(scripted.open()).toBe(0));
    expect([reports.length, events.length]).toEqual(before);
    expect(reports.at(-1)).toEqual([scripted.url, 'disconnected']);
    expect(network.relays()).toEqual([]);
  });

  test('may change while it reports something', async () => {
    const scripted = await startScriptedRelay();
    const { clock, heard } = openNetwork([scripted.url], {
      onHear: (what, network) => what === 'connected' && network.use([]),
    });
    await until(() => expect(heard).toContain('disconnected'));
    await until(() => expect(scripted.open()).toBe(0));
    expect(heard).toEqual(['is connecting', 'connected', 'disconnected']);
    expect(clock.pending()).toBe(0);
  });

  test('a write under way ends when its relay is removed', async () => {
    const { network, fakePeer, url, scripted } = await connected({ onFrame: ([type]) => type === 'EVENT' });
    const write = network.publish(url, fakePeer.presence());
    await until(() => expect(scripted.ofType('EVENT')).toHaveLength(1));
    network.use([]);
    expect(await write).toMatchObject({ outcome: 'not_connected' });
  });
});

describe('relays that wait for the next attempt', () => {
  test('are tried within 8 seconds when the last connected one is lost', async () => {
    const good = await startScriptedRelay();
    const dead = `ws://127.0.0.1:${await closedPort()}`;
    const { clock, relay, pass, logged } = openNetwork([dead, good.url]);
    await until(() => expect(relay(good.url).open).toBe(true));
    // Long enough for its pauses to have grown to minutes.
    await pass(good, 20 * MINUTE_MS);
    const tried = logged('relay not reached');
    await pass(good, 35_000);
    expect(logged('relay not reached')).toBeLessThanOrEqual(tried + 1);
    good.cut();
    await until(() => expect(relay(good.url).open).toBe(false));
    const before = logged('relay not reached');
    await clock.advance(8_000);
    await until(() => expect(logged('relay not reached')).toBeGreaterThan(before));
  });
});

describe('a relay that misbehaves', () => {
  test.each<[string, (open: Awaited<ReturnType<typeof connected>>) => void, string]>([
    ['garbage', ({ scripted }) => Array.from({ length: 50 }, () => scripted.send('x')), 'garbage_frame'],
    [
      'bad signatures',
      ({ network, url }) => Array.from({ length: 10 }, () => network.report(url, 'forged')),
      'forged',
    ],
  ])('with %s is in back-off for an hour if another is connected', async (_, misbehave, offence) => {
    const good = await startScriptedRelay();
    const open = await connected({}, { others: [good.url] });
    const { relay, clock, logged, heard } = open;
    misbehave(open);
    await until(() => expect(relay()).toMatchObject({ open: false, state: 'misbehaving' }));
    expect(relay().lastError).toBe(`it misbehaves: ${offence}`);
    const backoffMs = (relay().backoffUntil as number) - clock.now();
    expect(backoffMs).toBeGreaterThanOrEqual(hourMs);
    expect(backoffMs).toBeLessThanOrEqual(1.1 * hourMs);
    expect(logged('relay is in back-off')).toBe(1);
    expect(heard).toContain('is misbehaving');
  });

  test('and is our only one is kept, which is logged once', async () => {
    const { scripted, relay, count, logged, contents } = await connected();
    for (let i = 0; i < 300; i++) scripted.send('x');
    scripted.send(['EVENT', 'dm', rawDm('after')]);
    await until(() => expect(contents()).toEqual(['after']));
    expect(count('garbage_frame')).toBe(300);
    expect(relay().state).toBe('connected');
    expect(logged('relay misbehaves, and no other is connected')).toBe(1);
  });

  test('by sending what nobody asked for, as honest software does, is kept', async () => {
    const good = await startScriptedRelay();
    const { scripted, relay, network, url, contents, count } = await connected({}, { others: [good.url] });
    for (let i = 0; i < 3_000; i++) scripted.send(['EVENT', 'dm', rawEvent(1, i)]);
    for (let i = 0; i < 3_000; i++) network.report(url, 'unasked');
    scripted.send(['EVENT', 'dm', rawDm('after')]);
    await until(() => expect(contents()).toEqual(['after']));
    expect(count('unasked')).toBe(3_000);
    expect(relay().state).toBe('connected');
  });

  test('by never responding is tried with growing pauses, however long it keeps the connection', async () => {
    const { scripted, clock, relay, count } = await connected({ onFrame: ([type]) => type === 'REQ' });
    const pauses: number[] = [];
    for (let round = 1; round <= 4; round++) {
      await until(() => expect(count('connected')).toBe(round));
      await clock.advance(35_000);
      await until(() => expect(relay().open).toBe(false));
      const downAt = clock.monotonic();
      while (relay().state !== 'connecting') await clock.advance(100);
      pauses.push(clock.monotonic() - downAt);
    }
    // Half of each pause is random.
    expect(pauses[3]).toBeGreaterThan(4 * (pauses[0] as number) - 100);
    expect(scripted.connections()).toBeLessThanOrEqual(5);
  });
});

test('frames before a close are handled before the disconnect is reported', async () => {
  const { scripted, heard, clock } = await connected();
  for (let i = 0; i < 300; i++) scripted.send('x');
  scripted.close(1000, 'bye');
  await until(() => expect(heard).toContain('disconnected'));
  expect(heard.slice(-302)).toEqual([...Array(300).fill('garbage_frame'), 'disconnected', 'is disconnected']);
  expect(clock.pending()).toBe(1);
});

test('a relay that we disconnect in the middle of its frames reports nothing more', async () => {
  const good = await startScriptedRelay();
  const { scripted, relay, heard, count } = await connected({}, { others: [good.url] });
  for (let i = 0; i < 300; i++) scripted.send('x');
  scripted.close(1000, 'bye');
  await until(() => expect(relay().state).toBe('misbehaving'));
  expect(count('disconnected')).toBe(1);
  expect(count('garbage_frame')).toBeLessThan(60);
  expect(heard.at(-1)).toBe('is misbehaving');
});

describe('a flood', () => {
  /** Sends frames as one burst of bytes. Returns the longest time for which the process was blocked. */
  async function longestStall(scripted: ScriptedRelay, frame: string, count: number, isOver: () => boolean) {
    let longestMs = 0;
    let last = performance.now();
    const tick = setInterval(() => {
      const now = performance.now();
      longestMs = Math.max(longestMs, now - last);
      last = now;
    }, 1);
    for (let i = 0; i < count; i++) {
      scripted.send(frame);
      // The sender is in this process, too, and must not block it.
      if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => expect(isOver()).toBe(true));
    clearInterval(tick);
    return longestMs;
  }

  test('of tiny frames blocks nothing', async () => {
    const { scripted, count } = await connected();
    const slowdown = watchSlowdown();
    const longestMs = await longestStall(scripted, '[]', 14_000, () => count('garbage_frame') === 14_000);
    expect(longestMs).toBeLessThan(200 * (await slowdown.stop()).factor);
  });

  test('beyond a relay’s limit waits in the network, and loses nothing', async () => {
    const { scripted, clock, count } = await connected();
    const total = nostrLimits.inbound.framesPerSecond * nostrLimits.inbound.burstSeconds + 2_000;
    const frame = 'x'.repeat(300);
    for (let i = 0; i < total; i++) scripted.send(frame);
    const atOnce = nostrLimits.inbound.framesPerSecond * nostrLimits.inbound.burstSeconds;
    await until(() => expect(count('garbage_frame')).toBeGreaterThanOrEqual(atOnce));
    await new Promise((resolve) => setTimeout(resolve, 50));
    // At most one read of the socket came before the pause.
    expect(count('garbage_frame')).toBeLessThan(total);
    await clock.advance(1_000);
    await until(() => expect(count('garbage_frame')).toBe(total));
  });
});
