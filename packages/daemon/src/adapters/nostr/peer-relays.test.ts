import { expect, test } from 'vitest';
import { connected, openNetwork, until } from '../../../test/support/open-network.ts';
import { startScriptedRelay } from '../../../test/support/scripted-relay.ts';
import { nostrLimits } from './limits.ts';

const IDLE_MS = nostrLimits.peerRelay.idleMinutes * 60_000;
const reachesLoopback = true;

/** Connects to a peer's relay that follows this script. */
async function reached(script: Parameters<typeof startScriptedRelay>[0] = {}) {
  const peer = await startScriptedRelay(script);
  const open = openNetwork([], { reachesLoopback });
  open.network.reach(peer.url);
  await until(() => expect(open.count('connected')).toBe(1));
  return { ...open, peer, relay: () => open.relay(peer.url) };
}

test('a peer’s relay gets our writes, and no other request', async () => {
  const { network, fakePeer, peer, relay, heard } = await reached();
  expect(relay()).toMatchObject({ role: 'peer', open: true, state: 'connected', carriesDms: false });
  const event = fakePeer.presence();
  expect(await network.publish(peer.url, event)).toMatchObject({ outcome: 'accepted' });
  expect(await network.query(peer.url, [{}])).toMatchObject({ complete: false, events: [] });
  expect(peer.received).toEqual([['EVENT', event]]);
  // Its NIP-11 document is not fetched either.
  expect(peer.requests()).toEqual({ upgrades: 1, documents: 0 });
  expect(heard).toEqual(['is connecting', 'connected', 'is connected']);
});

test('it is disconnected two minutes after the last use', async () => {
  const { network, fakePeer, peer, clock, relay, heard, reports } = await reached();
  const uses = [() => network.publish(peer.url, fakePeer.presence()), async () => network.reach(peer.url)];
  for (const use of uses) {
    await clock.advance(29_000);
    await use();
    await clock.advance(29_000);
    await use();
  }
  const left = IDLE_MS - 1;
  for (let passed = 0; passed < left; passed += 20_000) {
    await clock.advance(Math.min(20_000, left - passed));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(relay().open).toBe(true);
  await clock.advance(1);
  expect(network.relays()).toEqual([]);
  await until(() => expect(peer.open()).toBe(0));
  expect(reports.at(-1)).toEqual([peer.url, 'disconnected']);
  expect([heard.length, clock.pending()]).toEqual([4, 0]);
});

test('it authenticates only for a write that needs it', async () => {
  let authenticated = false;
  const { network, fakePeer, peer } = await reached({
    onOpen: (reply) => reply('AUTH', 'c'),
    onFrame: ([type, event], reply) => {
      if (type === 'AUTH') authenticated = true;
      if (type !== 'EVENT' || authenticated) return false;
      reply('OK', (event as { id: string }).id, false, 'auth-required: first');
      return true;
    },
  });
  expect(peer.ofType('AUTH')).toEqual([]);
  expect(await network.publish(peer.url, fakePeer.presence())).toMatchObject({ outcome: 'accepted' });
  expect(peer.ofType('AUTH')).toHaveLength(1);
});

const authKeys = (peer: Awaited<ReturnType<typeof startScriptedRelay>>): string[] =>
  peer.ofType('AUTH').map(([, event]) => (event as { pubkey: string }).pubkey);

/** A relay that takes writes only from connections that authenticated with a key that it knows. */
const membersOnly = (isMember: (pubkey: string) => boolean, refusal: string) => {
  let known = false;
  return reached({
    onOpen: (reply) => reply('AUTH', 'c'),
    onFrame: ([type, value], reply) => {
      const { id, pubkey } = value as { id: string; pubkey: string };
      if (type === 'AUTH') known ||= isMember(pubkey);
      if (type !== 'EVENT' || known) return false;
      reply('OK', id, false, refusal);
      return true;
    },
  });
};

test('it learns nobody’s key if it takes any', async () => {
  const { network, fakePeer, peer } = await membersOnly(() => true, 'auth-required: first');
  for (let n = 0; n < 3; n++) {
    const published = await network.publish(peer.url, fakePeer.presence(), { mayIdentify: true });
    expect(published).toMatchObject({ outcome: 'accepted' });
  }
  expect(authKeys(peer)).toHaveLength(1);
  expect(authKeys(peer)).not.toContain(fakePeer.pubkey);
});

test('it learns our key only if it takes no other, and we may tell it', async () => {
  const { network, fakePeer, peer } = await membersOnly(
    (key) => key === fakePeer.pubkey,
    'auth-required: members only',
  );
  expect(await network.publish(peer.url, fakePeer.presence())).toMatchObject({ prefix: 'auth-required' });
  expect(authKeys(peer)).not.toContain(fakePeer.pubkey);
  const told = await network.publish(peer.url, fakePeer.presence(), { mayIdentify: true });
  expect(told).toMatchObject({ outcome: 'accepted' });
  expect(authKeys(peer).at(-1)).toBe(fakePeer.pubkey);
});

test('a key that nobody knows may be called restricted: that is no refusal of ours', async () => {
  const known = new Set<string>();
  const { network, fakePeer, peer } = await reached({
    onOpen: (reply) => reply('AUTH', 'c'),
    onFrame: ([type, value], reply) => {
      const { id, pubkey } = value as { id: string; pubkey: string };
      if (type === 'AUTH') known.add(pubkey);
      if (type !== 'EVENT' || known.has(fakePeer.pubkey)) return false;
      reply('OK', id, false, known.size === 0 ? 'auth-required: first' : 'restricted: not a member');
      return true;
    },
  });
  for (let n = 0; n < 2; n++) {
    expect(await network.publish(peer.url, fakePeer.presence())).toMatchObject({ prefix: 'auth-required' });
  }
  expect(authKeys(peer)).toHaveLength(1);
  const told = await network.publish(peer.url, fakePeer.presence(), { mayIdentify: true });
  expect(told).toMatchObject({ outcome: 'accepted' });
  expect(authKeys(peer)).toHaveLength(2);
});

test('at most sixteen are connected; an unreachable one gives way', async () => {
  const peers = await Promise.all(Array.from({ length: 18 }, () => startScriptedRelay()));
  const { network, relay, count } = openNetwork([], { reachesLoopback });
  network.reach('ws://127.0.0.1:1');
  await until(() => expect(relay('ws://127.0.0.1:1').state).toBe('disconnected'));
  for (const { url } of peers.slice(0, 15)) network.reach(url);
  expect(network.relays()).toHaveLength(nostrLimits.peerRelay.connections);
  network.reach(peers[15]?.url ?? '');
  expect(network.relays().map(({ url }) => url)).toEqual(peers.slice(0, 16).map(({ url }) => url));
  await until(() => expect(count('connected')).toBe(16));
  network.reach(peers[16]?.url ?? '');
  expect(network.relays()).toHaveLength(nostrLimits.peerRelay.connections);
  expect(peers[16]?.connections()).toBe(0);
});

test('it never counts as a relay of our own', async () => {
  const { network, relay, peer, clock, heard, logged } = await reached();
  const own = 'ws://127.0.0.1:1';
  network.use([own]);
  await until(() => expect(relay().open).toBe(true));
  for (let tries = 1; tries <= 8; tries++) {
    await until(() => expect(logged('relay not reached')).toBeGreaterThanOrEqual(tries));
    // Still without a relay of our own: never more than 8 seconds.
    await clock.advance(8_000);
  }
  expect(network.relays().map(({ url, role }) => [url, role])).toEqual([
    [own, 'own'],
    [peer.url, 'peer'],
  ]);
  expect(heard).not.toContain('info');
});

test('it becomes our own when it is put on the list, with a new connection', async () => {
  const { network, peer, count, relay } = await reached();
  network.use([peer.url]);
  expect(network.relays().map(({ role }) => role)).toEqual(['own']);
  await until(() => expect(count('subscribed dm')).toBe(1));
  network.reach(peer.url);
  expect(relay().role).toBe('own');
  await until(() => expect(peer.open()).toBe(1));
});

test('one that refuses us is not tried again at the next write', async () => {
  const peer = await startScriptedRelay({ onUpgrade: () => ({ status: 403 }) });
  const { network, relay, clock } = openNetwork([], { reachesLoopback });
  network.reach(peer.url);
  await until(() => expect(relay(peer.url).state).toBe('restricted'));
  for (let hours = 0; hours < 5; hours++) {
    await clock.advance(3_600_000);
    network.reach(peer.url);
  }
  expect(peer.requests().upgrades).toBe(1);
  expect(relay(peer.url).backoffUntil).not.toBeNull();
  await clock.advance(2 * 3_600_000);
  expect(network.relays()).toEqual([]);
  expect(peer.requests().upgrades).toBe(1);
});

test('an unreachable one is tried every fifteen seconds at most, for two minutes', async () => {
  const { network, relay, clock, logged } = openNetwork([], { reachesLoopback });
  const url = 'ws://127.0.0.1:1';
  network.reach(url);
  await until(() => expect(relay(url).state).toBe('disconnected'));
  while (network.relays().length > 0) {
    await clock.advance(1_000);
    if (relay(url)?.state === 'connecting') await until(() => expect(relay(url).state).toBe('disconnected'));
  }
  expect(logged('relay not reached')).toBeLessThanOrEqual(9);
  expect(logged('relay not reached')).toBeGreaterThan(2);
});

test('one that misbehaves is disconnected, even if it is the only connection', async () => {
  const { peer, relay, network, count } = await reached();
  for (let i = 0; i < 60; i++) peer.send('x');
  await until(() => expect(relay()).toMatchObject({ state: 'misbehaving', open: false }));
  expect(count('garbage_frame')).toBe(50);
  network.report(peer.url, 'forged');
  network.report('wss://unknown.test', 'forged');
});

test.each([
  'wss://127.0.0.1',
  'wss://[::1]',
  'wss://192.168.1.1',
  'ws://relay.example',
  'wss://u:p@relay.example',
])('nothing happens for %s', (url) => {
  const { network } = openNetwork([]);
  network.reach(url);
  expect(network.relays()).toEqual([]);
});

test('a name that resolves to this machine is refused on connect, before a byte is sent', async () => {
  const peer = await startScriptedRelay();
  const { network, relay, heard } = openNetwork([]);
  const url = `wss://localhost:${peer.port}`;
  network.reach(url);
  await until(() => expect(relay(url).state).toBe('disconnected'));
  expect(relay(url).lastError).toBe('localhost has an address that is not public');
  expect([peer.requests(), heard]).toEqual([
    { upgrades: 0, documents: 0 },
    ['is connecting', 'is disconnected'],
  ]);
});

test('a relay of our own may have any address, and redirects are not followed', async () => {
  const elsewhere = await startScriptedRelay();
  const peer = await startScriptedRelay({
    onUpgrade: () => ({ status: 302, headers: { location: elsewhere.url } }),
  });
  const { network, relay } = openNetwork([], { reachesLoopback });
  network.reach(peer.url);
  await until(() => expect(relay(peer.url).lastError).toContain('HTTP 302'));
  expect(elsewhere.requests()).toEqual({ upgrades: 0, documents: 0 });
  const { relay: own } = await connected();
  expect(own().open).toBe(true);
});

test('nothing is connected before the start or after the stop', async () => {
  const { network } = openNetwork([], { reachesLoopback });
  await network.stop();
  network.reach('ws://127.0.0.1:1');
  network.use(['ws://127.0.0.1:1']);
  network.wake();
  expect(network.relays()).toEqual([]);
});
