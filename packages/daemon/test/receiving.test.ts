import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle, startTwo } from './support/test-agent.ts';

async function receiving() {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern, name: 'Bob' }));
  await settle(world.clock);
  return { world, agent, bob, mallory: world.fakePeer('mallory') };
}

test('the same event from two relays, and again after a restart, is one message', async () => {
  const { world, agent, bob } = await receiving();
  const event = bob.dm(agent.pubkey, 'once');
  for (const relay of world.mesh.relays) relay.push(event, event);
  await settle(world.clock);
  const again = await world.start({ disk: await agent.crash() });
  for (const relay of world.mesh.relays) relay.push(event);
  await settle(world.clock);
  expect(await again.inbox()).toMatchObject([{ id: event.id, content: 'once' }]);
});

test('the same mid in two events of one peer is one message', async () => {
  const { world, agent, bob } = await receiving();
  const payload = { type: 'text', body: 'once', mid: 'mid-of-bob-1', v: '0.3.0' };
  world.relay.push(bob.dm(agent.pubkey, payload));
  await world.clock.advance(2_000);
  world.relay.push(bob.dm(agent.pubkey, payload));
  await settle(world.clock);
  expect(await agent.inbox()).toMatchObject([{ id: 'mid-of-bob-1', content: 'once' }]);
});

test("a peer that reuses another's mid neither overwrites nor suppresses that message", async () => {
  const { world, agent, bob, mallory } = await receiving();
  world.relay.push(bob.dm(agent.pubkey, { type: 'text', body: 'mine', mid: 'mid-of-bob-1' }));
  await settle(world.clock);
  const copy = mallory.dm(agent.pubkey, { type: 'text', body: 'no, mine', mid: 'mid-of-bob-1' });
  world.relay.push(copy);
  await settle(world.clock);
  expect(await agent.inbox()).toMatchObject([
    { id: 'mid-of-bob-1', from: bob.pubkey, content: 'mine' },
    { id: copy.id, from: mallory.pubkey, content: 'no, mine' },
  ]);
});

test('a peer that uses another’s mid first does not suppress the real message', async () => {
  const { world, agent, bob, mallory } = await receiving();
  world.relay.push(mallory.dm(agent.pubkey, { type: 'text', body: 'squatted', mid: 'mid-of-bob-1' }));
  const real = bob.dm(agent.pubkey, { type: 'text', body: 'real', mid: 'mid-of-bob-1' });
  world.relay.push(real);
  await settle(world.clock);
  expect((await agent.inbox()).map(({ content }) => content)).toEqual(['squatted', 'real']);
});

test("a mid that names another's event id does not suppress that event", async () => {
  const { world, agent, bob, mallory } = await receiving();
  // Event ids are public on the relay before the addressee has fetched the event.
  const victim = bob.dm(agent.pubkey, 'plain text without a mid');
  world.relay.push(mallory.dm(agent.pubkey, { type: 'text', body: 'squatted', mid: victim.id }));
  await settle(world.clock);
  world.relay.push(victim);
  await settle(world.clock);
  expect(await agent.inbox()).toContainEqual(expect.objectContaining({ id: victim.id, from: bob.pubkey }));
});

test('an incoming mid never changes an outgoing message', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  const sent = await alice.sendMessage({ to: bob.pubkey, content: 'ours' });
  const mallory = world.fakePeer('mallory');
  world.relay.push(mallory.dm(alice.pubkey, { type: 'text', body: 'theirs', mid: sent.id }));
  await settle(world.clock);
  expect(await alice.getMessage({ id: sent.id })).toMatchObject({ content: 'ours', direction: 'out' });
  expect(await alice.inbox()).toMatchObject([{ content: 'theirs' }]);
});

test('keeps the real event when a hostile relay sent a forged one first', async () => {
  const { world, agent, bob } = await receiving();
  const real = bob.dm(agent.pubkey, 'real');
  const flipped = real.sig.startsWith('0') ? '1' : '0';
  const forged = { ...real, sig: `${flipped}${real.sig.slice(1)}` };
  world.relay.push(forged, forged);
  await settle(world.clock);
  expect(await agent.inbox()).toEqual([]);
  world.mesh.relay('wss://two.test').push(real);
  await settle(world.clock);
  expect(await agent.inbox()).toMatchObject([{ id: real.id, content: 'real' }]);
  expect(await agent.refused()).toEqual({ bad_signature: 2 });
});

test('keeps the real event when a copy with other content came first', async () => {
  const { world, agent, bob } = await receiving();
  const real = bob.dm(agent.pubkey, 'real');
  world.relay.push({ ...real, content: bob.dm(agent.pubkey, 'other').content }, { ...real, kind: 31337 });
  world.relay.push(real);
  await settle(world.clock);
  expect(await agent.inbox()).toMatchObject([{ content: 'real' }]);
});

test('a forged presence neither adds nor changes a peer', async () => {
  const { world, agent, bob, mallory } = await receiving();
  const nowSec = Math.floor(world.clock.now() / 1000);
  const newer = bob.presence({ createdAtSec: nowSec + 10, name: 'Evil' });
  const { sig } = mallory.presence({ createdAtSec: nowSec + 10 });
  world.relay.push(
    { ...newer, sig },
    { ...mallory.presence(), pubkey: bob.pubkey },
    { ...mallory.presence(), content: 'x' },
  );
  await settle(world.clock);
  expect(await agent.peers()).toMatchObject([{ name: 'Bob' }]);
  expect(await agent.refused()).toMatchObject({ bad_signature: 2 });
});

test('still receives messages after a future-dated event', async () => {
  const { world, agent, bob } = await receiving();
  const nowSec = Math.floor(world.clock.now() / 1000);
  world.relay.push(bob.dm(agent.pubkey, 'from 2038', { created_at: nowSec + 901 }));
  world.relay.push(bob.dm(agent.pubkey, 'edge', { created_at: nowSec + 900 }), bob.dm(agent.pubkey, 'now'));
  await settle(world.clock);
  expect((await agent.inbox()).map(({ content }) => content)).toEqual(['edge', 'now']);
  expect(await agent.refused()).toEqual({ future_dated: 1 });
});

test('counts every refused event under its reason, without effect', async () => {
  const { world, agent, bob, mallory } = await receiving();
  const good = bob.dm(agent.pubkey, 'good');
  const cases: Record<string, unknown[]> = {
    malformed: [
      null,
      undefined,
      'event',
      42,
      [],
      {},
      { ...good, id: good.id.toUpperCase() },
      { ...good, id: `${good.id.slice(0, 63)}\n` },
      { ...good, sig: 'ab' },
      { ...good, pubkey: null },
      { ...good, created_at: '1' },
      { ...good, created_at: -1 },
      { ...good, created_at: 1.5 },
      { ...good, created_at: 2 ** 60 },
      { ...good, kind: 70_000 },
      { ...good, kind: 4.5 },
      { ...good, tags: {} },
      { ...good, tags: [['p', 1]] },
      { ...good, tags: ['p'] },
      { ...good, content: null },
      { ...good, content: ['x'] },
    ],
    too_large: [
      bob.sign({ kind: 4, tags: [['p', agent.pubkey]], content: 'x'.repeat(64 * 1024 + 1) }),
      bob.sign({ kind: 4, tags: [['p', agent.pubkey], ...Array.from({ length: 100 }, () => ['e', 'x'])] }),
      bob.sign({ kind: 31337, tags: [['d', 'x'.repeat(1025)]] }),
    ],
    unwanted_kind: [bob.sign({ kind: 0 }), bob.sign({ kind: 5 })],
    not_addressed_to_us: [
      bob.dm(mallory.pubkey, 'not for you'),
      bob.dm(agent.pubkey, 'no tag', { tags: [] }),
      bob.sign({ kind: 1059 }),
    ],
    undecryptable: [
      bob.sign({ kind: 4, tags: [['p', agent.pubkey]], content: 'no ciphertext' }),
      bob.sign({ kind: 4, tags: [['p', agent.pubkey]], content: '?iv=' }),
      bob.sign({ kind: 4, tags: [['p', agent.pubkey]], content: '' }),
    ],
    no_presence: [mallory.sign({ kind: 1, content: 'a note' })],
    bad_signature: [{ ...good, content: `${good.content}A` }],
  };
  for (const events of Object.values(cases)) world.relay.push(...events);
  await settle(world.clock);
  expect(await agent.refused()).toEqual(
    Object.fromEntries(Object.entries(cases).map(([reason, events]) => [reason, events.length])),
  );
  expect(await agent.inbox()).toEqual([]);
  world.relay.push(good);
  await settle(world.clock);
  expect(await agent.inbox()).toMatchObject([{ content: 'good' }]);
});

test('counts garbage frames', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  agent.network.garbage('garbage_frame');
  agent.network.garbage('frame_too_large');
  expect(await agent.refused()).toEqual({ garbage_frame: 1, frame_too_large: 1 });
});

test('the status does not show duplicate, own and stale events', async () => {
  const { world, agent, bob } = await receiving();
  const event = bob.dm(agent.pubkey, 'x');
  world.relay.push(event, event, bob.presence(), ...agent.published(31337));
  await settle(world.clock);
  expect(await agent.refused()).toEqual({});
});

test('decrypts an undecryptable event once, also after a restart', async () => {
  const { world, agent, bob } = await receiving();
  const useless = bob.sign({ kind: 4, tags: [['p', agent.pubkey]], content: 'no ciphertext' });
  world.relay.push(useless);
  await settle(world.clock);
  world.relay.push(useless);
  await settle(world.clock);
  expect(await agent.refused()).toEqual({ undecryptable: 1 });
  const again = await world.start({ disk: await agent.crash() });
  world.relay.push(useless);
  await settle(world.clock);
  expect(await again.refused()).toEqual({});
});

test('a deeply nested message does no harm', async () => {
  const { world, agent, bob } = await receiving();
  const deep = `${'['.repeat(8_000)}${']'.repeat(8_000)}`;
  world.relay.push(bob.dm(agent.pubkey, `{"type":"task","body":"look","x":${deep}}`));
  world.relay.push(bob.dm(agent.pubkey, `{"type":"task","x":${deep}}`));
  world.relay.push(bob.dm(agent.pubkey, 'still there'));
  await settle(world.clock);
  const inbox = await agent.inbox();
  expect(inbox).toHaveLength(3);
  expect(() => JSON.stringify(inbox)).not.toThrow();
  expect(agent.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test('keeps and shows unknown types with their fields', async () => {
  const { world, agent, bob } = await receiving();
  world.relay.push(
    bob.dm(agent.pubkey, { type: 'poem', v: '9', lines: ['a', 'b'], deep: { x: 1 }, mid: 'mid-poem-1' }),
  );
  world.relay.push(
    bob.dm(agent.pubkey, { no: 'type' }),
    bob.dm(agent.pubkey, '[1,2]'),
    bob.dm(agent.pubkey, '{broken'),
  );
  await settle(world.clock);
  expect(await agent.inbox()).toMatchObject([
    {
      type: 'poem',
      data: { lines: ['a', 'b'], deep: { x: 1 } },
      content: '{"lines":["a","b"],"deep":{"x":1}}',
    },
    { type: 'text', content: '{"no":"type"}', data: null },
    { type: 'text', content: '[1,2]' },
    { type: 'text', content: '{broken' },
  ]);
});

test('the sender of a message is a known peer and can be written to', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.dm(agent.pubkey, 'hello?'));
  await settle(world.clock);
  await agent.sendMessage({ to: bob.pubkey, content: 'yes?' });
  await settle(world.clock);
  expect(bob.opened(world.relay.offered)).toContainEqual({ text: 'yes?' });
});

test("uses the sender's milliseconds only if they agree with the signed second", async () => {
  const { world, agent, bob } = await receiving();
  const nowSec = Math.floor(world.clock.now() / 1000);
  world.relay.push(bob.dm(agent.pubkey, { type: 'text', body: 'a', ts: nowSec * 1000 + 321 }));
  world.relay.push(bob.dm(agent.pubkey, { type: 'text', body: 'b', ts: nowSec * 1000 + 999_999 }));
  world.relay.push(bob.dm(agent.pubkey, { type: 'text', body: 'c', ts: -5 }));
  await settle(world.clock);
  expect((await agent.inbox()).map(({ timestamp }) => Date.parse(timestamp) - nowSec * 1000)).toEqual([
    321, 0, 0,
  ]);
});
