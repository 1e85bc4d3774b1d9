import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle, startTwo } from './support/test-agent.ts';

/** Starts an agent that knows one peer with these claims, and has sent its hello. */
async function knowing(claims: { version?: string; features?: readonly string[] }) {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence(claims));
  await settle(world.clock);
  world.relay.offered.length = 0;
  return { world, agent, bob };
}

test('plain text is sent as plain text to a peer that does not read envelopes', async () => {
  const { world, agent, bob } = await knowing({ version: '0.2.0' });
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'just text', reply_to: 'm-12345678' });
  await settle(world.clock);
  const [event] = world.relay.offered;
  expect(event && bob.open(event)).toBe('just text');
  expect(id).toBe(event?.id);
});

test('a text that looks like a payload is wrapped, so that it arrives as text', async () => {
  const { world, agent, bob } = await knowing({ version: '0.2.0' });
  const content = '{"type":"delivered","msgId":"abcdefgh"}';
  await agent.sendMessage({ to: bob.pubkey, content });
  await settle(world.clock);
  expect(bob.opened(world.relay.offered)).toMatchObject([{ type: 'text', body: content }]);
});

test('a peer that reads envelopes gets id, number and reply', async () => {
  const { world, agent, bob } = await knowing({ features: modern });
  const first = await agent.sendMessage({ to: bob.pubkey, content: 'one' });
  const second = await agent.sendMessage({ to: bob.pubkey, content: 'two', reply_to: first.id });
  await settle(world.clock);
  expect(bob.opened(world.relay.offered)).toEqual([
    { type: 'text', ts: world.clock.now(), v: '0.3.0', body: 'one', mid: first.id, seq: 1 },
    {
      type: 'text',
      ts: world.clock.now(),
      v: '0.3.0',
      body: 'two',
      mid: second.id,
      seq: 2,
      reply_to: first.id,
    },
  ]);
});

test('a typed payload keeps its fields on both kinds of peers', async () => {
  for (const features of [modern, []]) {
    const { world, agent, bob } = await knowing({ features, version: '0.2.0' });
    const data = { action: 'build', params: { fast: true } };
    await agent.sendMessage({ to: bob.pubkey, content: 'please build', type: 'task', data });
    await settle(world.clock);
    expect(bob.opened(world.relay.offered)).toMatchObject([{ type: 'task', body: 'please build', ...data }]);
  }
});

test('the message has the same id on both sides and the same time', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  await world.clock.advance(123);
  const sent = await alice.sendMessage({ to: bob.pubkey, content: 'x', type: 'task', data: { n: 1 } });
  await settle(world.clock);
  const [got] = await bob.inbox();
  const own = await alice.getMessage({ id: sent.id });
  for (const field of ['id', 'timestamp', 'content', 'type', 'data', 'from', 'to'] as const) {
    expect(got?.[field]).toEqual(own[field]);
  }
  expect(own).toMatchObject({ direction: 'out', read: true });
  expect(got).toMatchObject({ direction: 'in', read: false, delivery: { state: 'received' } });
});

test('accepts the peer as npub and as nprofile, and refuses anything that is not a key', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  const { npub } = await alice.peer(bob.pubkey);
  expect(await alice.sendMessage({ to: npub, content: 'x' })).toMatchObject({ to: bob.pubkey });
  expect(await alice.sendMessage({ to: ` ${bob.pubkey.toUpperCase()} `, content: 'x' })).toMatchObject({
    to: bob.pubkey,
  });
  for (const to of [
    'bob',
    npub.slice(0, -1),
    `${bob.pubkey}0`,
    'nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5',
  ]) {
    await expect(alice.sendMessage({ to, content: 'x' })).rejects.toMatchObject({ code: 'invalid_pubkey' });
  }
});

test('refuses an unknown peer, and itself', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  for (const to of [world.fakePeer('nobody').pubkey, agent.pubkey]) {
    await expect(agent.sendMessage({ to, content: 'x' })).rejects.toMatchObject({
      code: 'peer_unknown',
      message: expect.stringContaining('peer unknown'),
    });
  }
});

test('the same idempotency key and body is one message with one response', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  const body = { to: bob.pubkey, content: 'once', idempotency_key: 'k1' };
  const first = await alice.sendMessage(body);
  await world.clock.advance(5_000);
  expect(await alice.sendMessage(body)).toEqual(first);
  expect(await Promise.all([alice.sendMessage(body), alice.sendMessage(body)])).toEqual([first, first]);
  expect((await alice.listMessages({ direction: 'out' })).items).toHaveLength(1);
  expect(await bob.inbox()).toHaveLength(1);
});

test('two calls at once with one idempotency key make one message', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  const body = { to: bob.pubkey, content: 'once', idempotency_key: 'k1' };
  const [one, two] = await Promise.all([alice.sendMessage(body), alice.sendMessage(body)]);
  expect(one).toEqual(two);
  expect((await alice.listMessages({ direction: 'out' })).items).toHaveLength(1);
});

test('an idempotency key is remembered over a restart, for 24 hours', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  const body = { to: bob.pubkey, content: 'once', idempotency_key: 'k1' };
  const first = await alice.sendMessage(body);
  const again = await world.start({ disk: await alice.crash(), up: false });
  await world.clock.advance(24 * 3_600_000 - 1_000);
  expect(await again.sendMessage(body)).toEqual(first);
  // A crash forgets up to ten minutes of the time that passed.
  await world.clock.advance(600_000);
  expect((await again.sendMessage(body)).id).not.toBe(first.id);
});

test.each([
  ['content', { content: 'other' }],
  ['type', { type: 'task' }],
  ['data', { data: { a: 1 } }],
  ['reply_to', { reply_to: 'm-12345678' }],
  ['expires_in_s', { expires_in_s: 60 }],
])('the same idempotency key with a different %s is a conflict', async (_, change) => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  const body = { to: bob.pubkey, content: 'once', idempotency_key: 'k1' };
  await alice.sendMessage(body);
  await expect(alice.sendMessage({ ...body, ...change })).rejects.toMatchObject({
    code: 'idempotency_conflict',
  });
  expect((await alice.listMessages({ direction: 'out' })).items).toHaveLength(1);
});

test.each([
  ['a zero byte', 'a\u0000b'],
  ['an escape', 'a\u001b[31mb'],
  ['DEL', '\u007f'],
  ['a C1 control', '\u009b31m'],
  ['a vertical tab', '\u000b'],
  ['half a surrogate pair', 'a\ud83d'],
  ['the other half', '\udc4ba'],
])('refuses %s in the content', async (_, content) => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  await expect(alice.sendMessage({ to: bob.pubkey, content })).rejects.toMatchObject({
    code: 'invalid_request',
    details: { field: 'content' },
  });
});

test('sends tabs, line ends and every other text unchanged', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  const texts = ['a\tb\r\nc', '👩‍👩‍👧‍👦 e\u0301 \u202e \ufeff', ' ', '{"type":"ping"}', '\\u0000'];
  for (const content of texts) await alice.sendMessage({ to: bob.pubkey, content });
  await settle(world.clock);
  expect((await bob.inbox()).map(({ content }) => content)).toEqual(texts);
});

test('4096 four-byte characters pass and arrive, more than 20,000 bytes with data do not', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  const content = '💬'.repeat(4096);
  await alice.sendMessage({ to: bob.pubkey, content });
  await settle(world.clock);
  expect(await bob.inbox()).toMatchObject([{ content }]);
  await expect(
    alice.sendMessage({ to: bob.pubkey, content, type: 'task', data: { more: 'x'.repeat(4_000) } }),
  ).rejects.toMatchObject({ code: 'content_too_large' });
});

test.each(['ping', 'pong', 'intro', 'ocmesh-hello', 'delivered', 'read', 'profile'])(
  'refuses to send the control type %s',
  async (type) => {
    const world = createTestMesh();
    const { alice, bob } = await startTwo(world);
    await expect(alice.sendMessage({ to: bob.pubkey, content: 'x', type })).rejects.toMatchObject({
      code: 'invalid_request',
      details: { field: 'type' },
    });
  },
);

test.each(['type', 'ts', 'v', 'body', 'mid', 'seq', 'reply_to', 'thread', 'auto', 'hops'])(
  'refuses data that would overwrite the envelope field %s',
  async (field) => {
    const world = createTestMesh();
    const { alice, bob } = await startTwo(world);
    await expect(
      alice.sendMessage({ to: bob.pubkey, content: 'x', data: { [field]: 1 } }),
    ).rejects.toMatchObject({ code: 'invalid_request', details: { field: `data.${field}` } });
  },
);

test('refuses data that is nested too deep', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  const deep = JSON.parse(`${'['.repeat(8_000)}${']'.repeat(8_000)}`);
  await expect(alice.sendMessage({ to: bob.pubkey, content: 'x', data: { deep } })).rejects.toMatchObject({
    code: 'invalid_request',
  });
});
