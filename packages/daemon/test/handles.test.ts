import { expect, test } from 'vitest';
import { createTestMesh, settle } from './support/test-agent.ts';

const known = ['b0b0b0b01', 'b0b0b0b02', 'cafecafe'].map((start) => start.padEnd(64, '7'));
const [bob = '', twin = '', carol = ''] = known;

/** An agent that knows these keys, whoever has their secrets. */
async function withPeers() {
  const world = createTestMesh();
  const agent = await world.start();
  for (const pubkey of known)
    await agent.store.transaction(({ peers }) =>
      peers.put({
        pubkey: pubkey as never,
        name: 'carol',
        about: null,
        version: null,
        features: [],
        capabilities: [],
        trust: 'stranger',
        alias: null,
        note: null,
        firstSeenMs: 1,
        lastSeenMs: 1,
        onlineUntilMs: 0,
        offlineSinceMs: null,
        presenceAtSec: 0,
        hello: 'none',
        theirHelloAtMs: null,
        answeredAtMs: null,
      }),
    );
  return { world, agent };
}

test.each([
  ['eight digits of its key', 'cafecafe'],
  ['more digits, in capitals', ' CAFECAFE7777 '],
  ['its whole key', carol],
])('a peer is named by %s', async (_, text) => {
  const { agent } = await withPeers();
  expect(await agent.getPeer({ pubkey: text })).toMatchObject({ pubkey: carol });
});

test('a peer is named by the owner’s alias, which comes before any key', async () => {
  const { agent } = await withPeers();
  await agent.updatePeer({ pubkey: bob, alias: 'Café Fee' });
  expect(await agent.getPeer({ pubkey: 'cafe\u0301 FEE' })).toMatchObject({ pubkey: bob });
  await agent.updatePeer({ pubkey: bob, alias: 'cafecafe' });
  expect(await agent.getPeer({ pubkey: 'cafecafe' })).toMatchObject({ pubkey: bob });
  // Nobody is called like a whole key.
  await agent.updatePeer({ pubkey: bob, alias: carol });
  expect(await agent.getPeer({ pubkey: carol })).toMatchObject({ pubkey: carol });
});

test.each(['carol', 'cafecaf', `${carol}0`, 'npub1cafe', '', ' '])(
  'no peer is named by %j: neither its own name, nor fewer digits, nor more than its key',
  async (text) => {
    const { agent } = await withPeers();
    await expect(agent.getPeer({ pubkey: text })).rejects.toMatchObject({ code: 'invalid_pubkey' });
  },
);

test('digits that fit several peers are refused with the handle of each, and those that fit none', async () => {
  const { agent } = await withPeers();
  const ambiguous = {
    code: 'peer_ambiguous',
    message: 'This fits 2 peers: b0b0b0b01777, b0b0b0b02777.',
    details: { pubkeys: [bob, twin] },
  };
  await expect(agent.getPeer({ pubkey: 'b0b0b0b0' })).rejects.toMatchObject(ambiguous);
  expect(await agent.getPeer({ pubkey: 'b0b0b0b01' })).toMatchObject({ pubkey: bob });
  await agent.updatePeer({ pubkey: bob, alias: 'twins' });
  await agent.updatePeer({ pubkey: twin, alias: 'TWINS' });
  await expect(agent.sendMessage({ to: 'twins', content: 'x' })).rejects.toMatchObject(ambiguous);
  await expect(agent.getPeer({ pubkey: 'deadbeef' })).rejects.toMatchObject({ code: 'peer_unknown' });
});

test('every field that names a peer takes a handle, and refuses a name that the peer gave itself', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const peer = world.fakePeer('bob');
  await agent.addPeer({ pubkey: peer.pubkey });
  const handle = peer.pubkey.slice(0, 8);
  world.relay.push(peer.dm(agent.pubkey, 'hello'));
  await settle(world.clock);
  const calls = (text: string) => [
    () => agent.sendMessage({ to: text, content: 'hi' }),
    () => agent.listMessages({ from: text }),
    () => agent.listMessages({ with: text, direction: 'all' }),
    () => agent.waitForMessages({ from: text, timeout_s: 0 }),
    () => agent.markRead({ from: text }),
    () => agent.updatePeer({ pubkey: text, trust: 'contact' }),
    () => agent.resumePeer({ pubkey: text }),
  ];
  for (const call of calls('bob')) await expect(call()).rejects.toMatchObject({ code: 'invalid_pubkey' });
  const results = [];
  for (const call of calls(handle)) results.push(await call());
  expect(results).toMatchObject([
    { to: peer.pubkey },
    { items: [{ from: peer.pubkey }] },
    { items: [{}, {}] },
    { messages: [{ content: 'hello' }] },
    { marked: 1 },
    { pubkey: peer.pubkey, trust: 'contact' },
    { pubkey: peer.pubkey },
  ]);
  // A peer is added by its whole key only: nobody else is known to have these digits.
  await expect(agent.addPeer({ pubkey: handle })).rejects.toMatchObject({ code: 'invalid_pubkey' });
});
