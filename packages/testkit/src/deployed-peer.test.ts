import type { AddressInfo } from 'node:net';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { decrypt, encrypt } from 'nostr-tools/nip04';
import { finalizeEvent, verifyEvent } from 'nostr-tools/pure';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { actor } from './actors.ts';
import { type DeployedPeer, type DeployedPeerOptions, startDeployedPeer } from './deployed-peer.ts';

const alice = actor('alice');
const bob = actor('bob');
const stops: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Starts a relay that accepts everything, keeps events, and sends what the test says. */
async function startYesRelay(options: { challenge?: string } = {}) {
  const published: NostrEvent[] = [];
  const watchers = new Set<() => void>();
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  let authenticated = options.challenge === undefined;
  server.on('connection', (socket) => {
    if (options.challenge) socket.send(JSON.stringify(['AUTH', options.challenge]));
    socket.on('message', (data) => {
      const [type, first] = JSON.parse(String(data));
      if (type === 'AUTH') authenticated = true;
      if (type === 'EVENT') published.push(first);
      if (type === 'EVENT' || type === 'AUTH') socket.send(JSON.stringify(['OK', first.id, true, '']));
      if (type === 'REQ') {
        const refused = first === 'dms' && !authenticated;
        socket.send(JSON.stringify(refused ? ['CLOSED', first, 'auth-required: DMs'] : ['EOSE', first]));
      }
      for (const watcher of watchers) watcher();
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  stops.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    published,
    isAuthenticated: () => authenticated,
    push(subscription: string, event: NostrEvent) {
      for (const client of server.clients) client.send(JSON.stringify(['EVENT', subscription, event]));
    },
    async publishedCount(count: number) {
      while (published.length < count) {
        await new Promise<void>((resolve) => {
          watchers.add(() => resolve());
        });
      }
    },
  };
}

async function start(options: Omit<DeployedPeerOptions, 'actor'>): Promise<DeployedPeer> {
  const peer = await startDeployedPeer({ ...options, actor: bob });
  stops.push(() => peer.stop());
  return peer;
}

const signed = (kind: number, tags: string[][], content: string): NostrEvent =>
  JSON.parse(
    JSON.stringify(finalizeEvent({ kind, tags, content, created_at: 1_700_000_000 }, alice.secretKey)),
  );
const dm = (text: string) => signed(4, [['p', bob.pubkey]], encrypt(alice.secretKey, bob.pubkey, text));
const opened = (event: NostrEvent | undefined) =>
  JSON.parse(decrypt(alice.secretKey, bob.pubkey, event?.content ?? ''));

test.each(['0.1.0', '0.2.0'] as const)('announces itself as v%s does', async (version) => {
  const relay = await startYesRelay();
  await start({ relayUrl: relay.url, version });
  const [presence] = relay.published;
  expect(presence && verifyEvent({ ...presence, tags: presence.tags.map((tag) => [...tag]) })).toBe(true);
  expect(presence).toMatchObject({
    kind: 31337,
    pubkey: bob.pubkey,
    content: 'ocmesh-agent-online',
    tags: [
      ['d', 'ocmesh-presence'],
      ['app', 'ocmesh'],
      ['v', version],
    ],
  });
});

test('greets a new peer once, in the format of its version', async () => {
  const relay = await startYesRelay();
  const peer = await start({ relayUrl: relay.url, version: '0.2.0' });
  relay.push('discovery', signed(31337, [['d', 'ocmesh-presence']], ''));
  relay.push('discovery', signed(31337, [['d', 'ocmesh-presence']], ''));
  await relay.publishedCount(2);
  expect(opened(relay.published[1])).toMatchObject({
    type: 'intro',
    v: '0.2.0',
    from: bob.pubkey,
    capabilities: ['chat'],
  });
  expect([...peer.seen]).toEqual([alice.pubkey]);

  const old = await startYesRelay();
  await start({ relayUrl: old.url, version: '0.1.0' });
  old.push('discovery', signed(31337, [['d', 'ocmesh-presence']], ''));
  await old.publishedCount(2);
  expect(opened(old.published[1])).toMatchObject({
    type: 'ocmesh-hello',
    version: '0.1.0',
    from: bob.pubkey,
  });
});

test('v0.2.0 shows the body of a text, sends receipts by event id and replies to ping', async () => {
  const relay = await startYesRelay();
  const peer = await start({ relayUrl: relay.url, version: '0.2.0' });
  const text = dm(JSON.stringify({ type: 'text', ts: 1, v: '0.3.0', body: 'hi', mid: 'm-12345678' }));
  relay.push('dms', text);
  expect(await peer.waitFor((got) => got.text === 'hi')).toMatchObject({
    from: alice.pubkey,
    type: 'text',
    eventId: text.id,
  });
  await relay.publishedCount(3);
  expect(relay.published.slice(1).map(opened)).toMatchObject([
    { type: 'delivered', msgId: text.id, v: '0.2.0' },
    { type: 'read', msgId: text.id, v: '0.2.0' },
  ]);
  relay.push('dms', dm(JSON.stringify({ type: 'ping', ts: 1, v: '0.3.0' })));
  await relay.publishedCount(4);
  expect(opened(relay.published[3])).toMatchObject({ type: 'pong', v: '0.2.0' });
});

test('v0.1.0 shows all JSON except its hello unchanged, and sends no receipt', async () => {
  const relay = await startYesRelay();
  const peer = await start({ relayUrl: relay.url, version: '0.1.0' });
  const json = JSON.stringify({ type: 'delivered', ts: 1, v: '0.3.0', msgId: 'x' });
  relay.push('dms', dm(json));
  expect(await peer.waitFor((got) => got.type === 'delivered')).toMatchObject({ text: json });
  relay.push('dms', dm(JSON.stringify({ type: 'ocmesh-hello', version: '0.1.0' })));
  expect(await peer.waitFor((got) => got.type === 'ocmesh-hello')).not.toHaveProperty('text');
  expect(await peer.sendText(alice.pubkey, 'plain')).toMatchObject({ accepted: true });
  expect(relay.published).toHaveLength(2);
});

test('authenticates only with the option `auth`', async () => {
  const silent = await startYesRelay({ challenge: 'abc' });
  await start({ relayUrl: silent.url, version: '0.2.0' });
  expect(silent.isAuthenticated()).toBe(false);
  const relay = await startYesRelay({ challenge: 'abc' });
  await start({ relayUrl: relay.url, version: '0.2.0', auth: true });
  expect(relay.isAuthenticated()).toBe(true);
});

test('the error lists received DMs when none matches in time', async () => {
  const relay = await startYesRelay();
  const peer = await start({ relayUrl: relay.url, version: '0.2.0' });
  await expect(peer.waitFor(() => true, 1)).rejects.toThrow('bob got no such DM');
});
