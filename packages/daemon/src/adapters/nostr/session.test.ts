import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { connected, openNetwork, rawDm, rawPresence, until } from '../../../test/support/open-network.ts';
import { startScriptedRelay } from '../../../test/support/scripted-relay.ts';

const filterOf = (frame: readonly unknown[]) => frame[2] as Record<string, unknown>;

test('connects, subscribes, and reports both', async () => {
  const { relay, count, log, url, clock } = await connected();
  await until(() => expect(count('subscribed dm')).toBe(1));
  expect(relay()).toMatchObject({
    url,
    state: 'connected',
    connectedSince: clock.now(),
    carriesDms: true,
    lastError: null,
  });
  expect(log.lines).toContainEqual(expect.objectContaining({ message: `relay connected to ${url}` }));
});

test('reports every event of a permanent subscription unchanged', async () => {
  const { scripted, events, heard } = await connected();
  const odd = { kind: 4, any: 'thing' };
  scripted.send(['EVENT', 'dm', odd]);
  scripted.send(['EVENT', 'presence', rawPresence('x')]);
  scripted.send(['EVENT', 'of-nobody', rawDm('y')]);
  scripted.send(['EVENT', 'dm', rawDm('last')]);
  await until(() => expect(events).toHaveLength(3));
  expect(events).toEqual([odd, rawPresence('x'), rawDm('last')]);
  expect(heard).not.toContain('unasked');
});

test('drops and counts events that no filter asked for, and keeps the relay', async () => {
  const { scripted, contents, count, relay } = await connected();
  for (const event of [null, 'text', rawPresence('of the other subscription'), rawDm('x', { kind: 1 })]) {
    scripted.send(['EVENT', 'dm', event]);
  }
  scripted.send(['EVENT', 'presence', { ...rawPresence('too old'), created_at: 1 }]);
  scripted.send(['EVENT', 'dm', rawDm('after')]);
  await until(() => expect(contents()).toEqual(['after']));
  expect(count('unasked')).toBe(5);
  expect(relay().state).toBe('connected');
});

test('counts garbage, binary frames and unknown frames, and continues', async () => {
  const { scripted, heard, contents, relay } = await connected();
  for (const frame of ['', 'nonsense', '{}', '[]', '["WHAT","x"]', '["EVENT",5,{}]', '[null]'])
    scripted.send(frame);
  scripted.send(Buffer.from([1, 2, 3]));
  scripted.send(['EVENT', 'dm', rawDm('after')]);
  await until(() => expect(contents()).toEqual(['after']));
  expect(heard.filter((each) => each === 'garbage_frame')).toHaveLength(8);
  expect(relay().state).toBe('connected');
});

test.each([300 * 1024, 1_500_000, 20_000_000])(
  'a frame of %s bytes is skipped and counted, costs the relay nothing, and the connection goes on',
  async (bytes) => {
    const { scripted, count, contents, relay } = await connected();
    for (let n = 0; n < 3; n++) scripted.send(['EVENT', 'dm', rawDm('ä'.repeat(bytes / 2))]);
    scripted.send(['EVENT', 'dm', rawDm('small')]);
    await until(() => expect(contents()).toEqual(['small']));
    expect([count('frame_too_large'), count('disconnected'), relay().state]).toEqual([3, 0, 'connected']);
  },
);

test('a text frame that is no UTF-8 is dropped, and the connection goes on', async () => {
  const { scripted, count, contents, relay } = await connected();
  scripted.sendText(Buffer.from('["EVENT","dm",{"content":"caf\xe9"}]', 'latin1'));
  scripted.send(['EVENT', 'dm', rawDm('after')]);
  await until(() => expect(contents()).toEqual(['after']));
  expect([count('malformed'), count('disconnected'), relay().state]).toEqual([1, 0, 'connected']);
});

test('a relay that sends too much that is too large rests for an hour, and is not blamed', async () => {
  const other = await startScriptedRelay();
  const { scripted, clock, relay, log } = await connected({}, { others: [other.url] });
  const event = Buffer.from(JSON.stringify(['EVENT', 'dm', rawDm('x'.repeat(24_000_000))]));
  for (let n = 0; n < 12; n++) scripted.sendText(event);
  await until(() => expect(relay().state).toBe('disconnected'));
  expect(relay().lastError).toBe('it sends too much that is too large');
  const restMs = (relay().backoffUntil as number) - clock.now();
  expect(restMs).toBeGreaterThanOrEqual(3_600_000);
  expect(log.lines.filter(({ message }) => message.includes('too large'))).toHaveLength(1);
});

test('a relay that sent much that is too large gets no queries for a while', async () => {
  const { scripted, network, url, count, contents } = await connected();
  const event = Buffer.from(JSON.stringify(['EVENT', 'dm', rawDm('x'.repeat(24_000_000))]));
  for (let n = 0; n < 6; n++) scripted.sendText(event);
  scripted.send(['EVENT', 'dm', rawDm('live')]);
  await until(() => expect(contents()).toEqual(['live']));
  expect(count('disconnected')).toBe(0);
  expect(await network.query(url, [{ kinds: [4] }])).toMatchObject({ complete: false });
});

test('a frame just below the limit is accepted', async () => {
  const { scripted, events } = await connected();
  scripted.send(['EVENT', 'dm', rawDm('x'.repeat(256 * 1024 - 500))]);
  await until(() => expect(events).toHaveLength(1));
});

test('subscribes again after a lost connection, with fresh filters', async () => {
  const { scripted, clock, count, relay, log } = await connected();
  await until(() => expect(count('subscribed dm')).toBe(1));
  await clock.advance(20_000);
  scripted.cut();
  await until(() => expect(count('disconnected')).toBe(1));
  expect(relay()).toMatchObject({ state: 'disconnected', carriesDms: false, connectedSince: null });
  expect(log.lines).toContainEqual(expect.objectContaining({ message: 'relay disconnected' }));
  await clock.advance(1_000);
  await until(() => expect(count('subscribed dm')).toBe(2));
  const [first, second] = scripted.ofType('REQ').filter(([, name]) => name === 'presence');
  expect(
    (filterOf(second as never)['since'] as number) - (filterOf(first as never)['since'] as number),
  ).toBeGreaterThanOrEqual(20);
});

test('a REQ that the relay lost at open is sent again', async () => {
  let dropped = 0;
  const { clock, count, scripted } = await connected({
    onFrame: ([type]) => type === 'REQ' && dropped++ < 2,
  });
  expect(count('subscribed dm')).toBe(0);
  await clock.advance(5_000);
  await until(() => expect(count('subscribed dm')).toBe(1));
  expect(scripted.ofType('REQ').filter(([, name]) => name === 'dm')).toHaveLength(2);
});

test('a relay that never responds to a REQ is disconnected after three tries', async () => {
  const { clock, count, scripted, relay } = await connected({ onFrame: ([type]) => type === 'REQ' });
  for (let i = 0; i < 3; i++) {
    await until(() => expect(scripted.ofType('REQ').length).toBe(2 * (i + 1)));
    await clock.advance(5_000 * 2 ** i);
  }
  await until(() => expect(count('disconnected')).toBe(1));
  expect(relay().lastError).toBe('no response to a subscription');
});

test('a relay that vanished is detected by a missing pong', async () => {
  const { clock, count, log, relay } = await connected({ pongs: false });
  await until(() => expect(count('subscribed dm')).toBe(1));
  await clock.advance(39_999);
  expect(count('disconnected')).toBe(0);
  await clock.advance(1);
  await until(() => expect(count('disconnected')).toBe(1));
  expect(relay().lastError).toBe('no response to a ping');
  expect(log.lines).toContainEqual(expect.objectContaining({ level: 'warn', message: 'connection timeout' }));
});

test.each(['auth-required: prove it', 'ERROR: auth-required: we only serve …', 'restricted: log in first'])(
  'authenticates once when a subscription is closed with %j, and subscribes again',
  async (reason) => {
    const refused = new Set<unknown>();
    const { scripted, count, url, fakePeer, relay } = await connected({
      onOpen: (reply) => reply('AUTH', 'the-challenge'),
      onFrame: ([type, name], reply) => {
        if (type !== 'REQ' || refused.has(name)) return false;
        refused.add(name);
        reply('CLOSED', name, reason);
        return true;
      },
    });
    await until(() => expect(count('subscribed dm') + count('subscribed presence')).toBe(2));
    const auths = scripted.ofType('AUTH').map((frame) => frame[1]);
    expect(auths).toMatchObject([
      {
        kind: 22242,
        pubkey: fakePeer.pubkey,
        content: '',
        tags: [
          ['relay', url],
          ['challenge', 'the-challenge'],
        ],
      },
    ]);
    expect(relay()).toMatchObject({ carriesDms: true });
  },
);

test('dates AUTH by the relay’s clock when ours is wrong', async () => {
  const nextYear = Date.now() + 365 * 86_400_000;
  const refused = new Set<unknown>();
  const { scripted, count } = await connected({
    headers: { date: new Date(nextYear).toUTCString() },
    onOpen: (reply) => reply('AUTH', 'the-challenge'),
    onFrame([type, name], reply) {
      if (type !== 'REQ' || refused.has(name)) return false;
      refused.add(name);
      reply('CLOSED', name, 'auth-required: first');
      return true;
    },
  });
  await until(() => expect(count('subscribed dm') + count('subscribed presence')).toBe(2));
  const [, auth] = scripted.ofType('AUTH')[0] as unknown as [string, { created_at: number }];
  expect(Math.abs(auth.created_at * 1000 - nextYear)).toBeLessThan(60_000);
});

test('authenticates when the challenge comes only after the refusal', async () => {
  let authenticated = false;
  let challenged = false;
  const { count, scripted } = await connected({
    onFrame: ([type, name], reply) => {
      if (type === 'AUTH') authenticated = true;
      if (type !== 'REQ' || authenticated) return false;
      reply('CLOSED', name, 'auth-required: first');
      if (name === 'dm' && !challenged) reply('AUTH', 'late-challenge');
      challenged ||= name === 'dm';
      return true;
    },
  });
  await until(() => expect(count('subscribed dm') + count('subscribed presence')).toBe(2));
  expect(scripted.ofType('AUTH')).toHaveLength(1);
});

test('authenticates to an own relay that sends a challenge, and asks for messages again after it', async () => {
  const { scripted, heard } = await connected({ onOpen: (reply) => reply('AUTH', 'x') });
  await until(() => expect(heard).toContain('subscribed dm'));
  expect(scripted.ofType('AUTH')).toHaveLength(1);
  expect(scripted.ofType('REQ').map(([, id]) => id)).toEqual(['presence', 'dm', 'dm']);
  expect(heard.indexOf('authenticated')).toBeLessThan(heard.indexOf('subscribed dm'));
});

test('does not authenticate to a relay of a peer that sends a challenge', async () => {
  const peers = await startScriptedRelay({ onOpen: (reply) => reply('AUTH', 'x') });
  const { network, fakePeer, reports } = await connected({}, { reachesLoopback: true });
  network.reach(peers.url);
  await until(() => expect(reports).toContainEqual([peers.url, 'connected']));
  expect(await network.publish(peers.url, fakePeer.presence())).toMatchObject({ outcome: 'accepted' });
  expect(peers.ofType('AUTH')).toEqual([]);
});

test('a refused AUTH is a state, not a crash', async () => {
  const { scripted, log, relay, clock } = await connected({
    onOpen: (reply) => reply('AUTH', 'x'),
    onFrame: ([type, first], reply) => {
      if (type === 'REQ') reply('CLOSED', first, 'auth-required: members only');
      if (type === 'AUTH') reply('OK', (first as { id: string }).id, false, 'restricted: you are no member');
      return type === 'REQ' || type === 'AUTH';
    },
  });
  await until(() =>
    expect(log.lines.filter(({ message }) => message === 'relay auth failed')).toHaveLength(1),
  );
  await until(() => expect(relay().lastError).toContain('auth-required: members only'));
  expect(relay()).toMatchObject({ state: 'auth_failed', open: true, carriesDms: false });
  await clock.advance(1_000);
  expect(scripted.ofType('AUTH')).toHaveLength(1);
  expect(scripted.ofType('REQ')).toHaveLength(2);
});

test('a connection that is lost during an AUTH does not affect the next one', async () => {
  let broken = false;
  const { scripted, clock, count, relay } = await connected({
    onOpen: (reply) => reply('AUTH', 'x'),
    onFrame: ([type, first], reply) => {
      if (broken) return false;
      if (type === 'REQ') reply('CLOSED', first, 'auth-required: first');
      return true;
    },
  });
  await until(() => expect(scripted.ofType('AUTH')).toHaveLength(1));
  broken = true;
  scripted.cut();
  await until(() => expect(count('disconnected')).toBe(1));
  await clock.advance(1_000);
  await until(() => expect(count('subscribed dm')).toBe(1));
  expect(relay()).toMatchObject({ state: 'connected', carriesDms: true, lastError: null });
});

test('a subscription that the relay closed later is sent again after a pause', async () => {
  const { scripted, clock, count, relay, contents } = await connected();
  await until(() => expect(count('subscribed dm')).toBe(1));
  scripted.send(['CLOSED', 'dm', 'error: shutting down soon']);
  await until(() => expect(relay().carriesDms).toBe(false));
  // In steps that leave time for pongs: the fake clock is faster than the socket.
  for (let passed = 0; passed < 300; passed += 20) {
    await clock.advance(20_000);
    scripted.send(['EVENT', 'presence', rawPresence(passed)]);
    await until(() => expect(contents()).toContain(String(passed)));
  }
  await until(() => expect(count('subscribed dm')).toBe(2));
});

test.each([
  [true, '', 'accepted', null],
  [true, 'duplicate: have it', 'accepted', 'duplicate'],
  [false, 'duplicate: have it', 'accepted', 'duplicate'],
  [false, 'replaced: have newer', 'accepted', 'replaced'],
  [false, 'blocked: no', 'rejected', 'blocked'],
  [false, 'ERROR: rate-limited: slow', 'rejected', 'rate-limited'],
  [false, 'pow: 20 bits', 'rejected', 'pow'],
  [false, 'just no', 'rejected', 'other'],
  [false, '', 'rejected', null],
  ['yes', '', 'rejected', null],
])('OK %j %j means %s', async (accepted, reason, outcome, prefix) => {
  const { network, fakePeer, url } = await connected({
    onFrame: ([type, event], reply) => {
      if (type === 'EVENT') reply('OK', (event as { id: string }).id, accepted, reason);
      return type === 'EVENT';
    },
  });
  expect(await network.publish(url, fakePeer.presence())).toEqual({
    outcome,
    reason: reason || null,
    prefix,
  });
});

test('a write that needs AUTH is sent again after it', async () => {
  let authenticated = false;
  const { network, fakePeer, url, scripted } = await connected({
    onFrame: ([type, event], reply) => {
      if (type === 'AUTH') authenticated = true;
      if (type !== 'EVENT' || authenticated) return false;
      reply('AUTH', 'x');
      reply('OK', (event as { id: string }).id, false, 'auth-required: first');
      return true;
    },
  });
  expect(await network.publish(url, fakePeer.presence())).toMatchObject({ outcome: 'accepted' });
  expect(scripted.ofType('EVENT')).toHaveLength(2);
});

test('a relay has ten seconds to confirm a write', async () => {
  const { network, fakePeer, url, clock, scripted } = await connected({
    onFrame: ([type]) => type === 'EVENT',
  });
  const outcome = network.publish(url, fakePeer.presence());
  await until(() => expect(scripted.ofType('EVENT')).toHaveLength(1));
  await clock.advance(10_000);
  expect(await outcome).toEqual({ outcome: 'timeout', reason: 'no response', prefix: null });
});

test('a write that is under way when the connection is lost ends as not connected', async () => {
  const { network, fakePeer, url, scripted } = await connected({ onFrame: ([type]) => type === 'EVENT' });
  const outcome = network.publish(url, fakePeer.presence());
  await until(() => expect(scripted.ofType('EVENT')).toHaveLength(1));
  scripted.cut();
  expect(await outcome).toMatchObject({ outcome: 'not_connected' });
  expect(await network.publish(url, fakePeer.presence())).toMatchObject({ outcome: 'not_connected' });
  expect(await network.publish('wss://unknown.test', fakePeer.presence())).toMatchObject({
    outcome: 'not_connected',
  });
});

test('an OK for an unknown event is ignored', async () => {
  const { scripted, relay, contents } = await connected();
  scripted.send(['OK', 'ab'.repeat(32), false, 'blocked: x']);
  scripted.send(['OK', 'cd'.repeat(32), true, '']);
  scripted.send(['EVENT', 'dm', rawDm('after')]);
  await until(() => expect(contents()).toEqual(['after']));
  expect(relay().state).toBe('connected');
});

test('a query returns what came before its EOSE, and is closed a moment after it', async () => {
  const { network, url, scripted, heard, contents, clock } = await connected({
    onFrame: ([type, id], reply) => {
      if (type !== 'REQ' || !String(id).startsWith('q')) return false;
      reply('EVENT', id, rawDm(1));
      reply('EVENT', id, rawDm(2));
      reply('EOSE', id);
      reply('EVENT', id, rawDm('too late'));
      return true;
    },
  });
  expect(await network.query(url, [{ kinds: [4] }])).toMatchObject({
    complete: true,
    events: [rawDm(1), rawDm(2)],
    tooLarge: false,
  });
  await until(() => expect(heard).toContain('late event'));
  expect([contents(), scripted.ofType('CLOSE')]).toEqual([['too late'], []]);
  await clock.advance(1_000);
  await until(() => expect(scripted.ofType('CLOSE')).toHaveLength(1));
});

test.each([
  [
    'is refused',
    (reply: (...frame: [string, ...unknown[]]) => void, id: unknown) => reply('CLOSED', id, 'error: no'),
  ],
  ['loses its connection', null],
])('a query that %s is incomplete and returns what it got', async (_, end) => {
  const { network, url, scripted } = await connected({
    onFrame: ([type, id], reply, socket) => {
      if (type !== 'REQ' || !String(id).startsWith('q')) return false;
      reply('EVENT', id, rawDm(1));
      if (end) end(reply, id);
      else socket.close();
      return true;
    },
  });
  expect(await network.query(url, [{ kinds: [4] }])).toMatchObject({
    complete: false,
    events: [rawDm(1)],
    tooLarge: false,
  });
  expect(scripted.ofType('REQ').length).toBeGreaterThan(2);
});

test('an endless query ends at 5000 events', async () => {
  const { network, url } = await connected({
    onFrame: ([type, id], reply) => {
      if (type !== 'REQ' || !String(id).startsWith('q')) return false;
      for (let i = 0; i < 6_000; i++) reply('EVENT', id, rawDm(i));
      return true;
    },
  });
  const { complete, events, tooLarge } = await network.query(url, [{ kinds: [4] }]);
  expect([complete, events.length, tooLarge]).toEqual([false, 5_000, true]);
});

test('a query ends after 30 seconds', async () => {
  const { network, url, clock, scripted } = await connected({
    onFrame: ([type, id], reply) => {
      if (type !== 'REQ' || !String(id).startsWith('q')) return false;
      reply('EVENT', id, rawDm(1));
      return true;
    },
  });
  const result = network.query(url, [{ kinds: [4] }]);
  await until(() => expect(scripted.ofType('REQ').length).toBe(3));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await clock.advance(29_000);
  await clock.advance(1_000);
  expect(await result).toMatchObject({ complete: false, events: [rawDm(1)], tooLarge: false });
});

test('an unreachable relay is tried again with growing pauses', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const { clock, relay, count, network, log } = openNetwork([`ws://127.0.0.1:${port}`]);
  const attempts = (): number => log.lines.filter(({ message }) => message === 'relay not reached').length;
  for (const [index, wait] of [1_000, 2_000, 4_000, 8_000].entries()) {
    await until(() => expect(attempts()).toBeGreaterThan(index));
    expect(relay()).toMatchObject({
      state: 'disconnected',
      lastError: expect.stringContaining('ECONNREFUSED'),
    });
    await clock.advance(wait);
  }
  expect([count('connected'), count('disconnected')]).toEqual([0, 0]);
  expect(await network.query(relay().url, [{}])).toMatchObject({
    complete: false,
    events: [],
    tooLarge: false,
  });
  await until(() => expect(attempts()).toBeGreaterThanOrEqual(5));
});

test('one relay that fails does not affect the others', async () => {
  const good = await startScriptedRelay();
  const { network, heard } = openNetwork(['ws://127.0.0.1:1', good.url]);
  await until(() => expect(heard).toContain('subscribed dm'));
  expect(network.relays().map(({ state }) => state)).toContain('connected');
});

test("keeps no more than 200 characters of a relay's reason", async () => {
  const { scripted, relay } = await connected();
  scripted.send(['CLOSED', 'dm', `error: ${'x'.repeat(5_000)}`]);
  await until(() => expect(relay().lastError).toHaveLength(200));
});

test('measures the round trip of a write', async () => {
  const { network, fakePeer, url, clock, scripted, relay } = await connected({
    onFrame: ([type, event], reply) => {
      if (type !== 'EVENT') return false;
      void clock.advance(123).then(() => reply('OK', (event as { id: string }).id, true, ''));
      return true;
    },
  });
  await network.publish(url, fakePeer.presence());
  expect(relay().roundTripMs).toBe(123);
  expect(scripted.connections()).toBe(1);
});

test('reports the NIP-11 document of a relay', async () => {
  const { count, relay } = await connected({
    onRequest: (_, response) =>
      response.end(
        JSON.stringify({
          supported_nips: [1, 40, 'x', 42.5],
          limitation: { max_limit: 500, auth_required: true },
        }),
      ),
  });
  await until(() => expect(count('info')).toBeGreaterThanOrEqual(1));
  expect(relay().info).toEqual({
    supportedNips: [1, 40],
    limitation: { max_limit: 500, auth_required: true },
  });
});

test('a stop while connecting is immediate', async () => {
  const { network, heard, clock } = openNetwork(['ws://127.0.0.1:1']);
  await network.stop();
  expect(heard).toEqual(['is connecting']);
  expect(clock.pending()).toBe(0);
});
