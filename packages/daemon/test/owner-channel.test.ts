import { toUnixSec } from '@ocmesh/shared/ambient';
import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { actor } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createWasmEngine } from '../src/adapters/crypto/wasm-engine.ts';
import { modern } from './support/fake-peer.ts';
import { accept, reject } from './support/memory-relay-network.ts';
import { ask, confirmPhone, createPhone, withPhone } from './support/phone.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const engine = createWasmEngine();

type World = Awaited<ReturnType<typeof withPhone>>;

/** A stranger waits under number 11, and nothing has been answered. */
async function withRequest(options: Parameters<typeof withPhone>[0] = {}) {
  const parts = await withPhone(options);
  const bob = await parts.knock('bob', 'Hello!');
  const trust = async (agent = parts.agent) => (await agent.getPeer({ pubkey: bob.pubkey })).trust;
  return { ...parts, bob, trust };
}

/** A gift wrap to the agent, with a rumor and a seal as given. */
function wrapped(
  { world, agent }: Pick<World, 'world' | 'agent'>,
  rumor: { author: string; kind?: number; tags?: string[][]; content?: string },
  sealedBy: string,
) {
  const created_at = toUnixSec(world.clock.now());
  const { kind = kinds.privateDm, tags = [['p', agent.pubkey]], content = '11 1' } = rumor;
  const unsigned = { pubkey: actor(rumor.author).pubkey, created_at, kind, tags, content };
  const text = JSON.stringify({ id: engine.eventId(unsigned), ...unsigned });
  const seal = engine.sign(
    {
      kind: kinds.seal,
      created_at,
      tags: [],
      content: engine.nip44.seal(actor(sealedBy).secretKey, agent.pubkey, text),
    },
    actor(sealedBy).secretKey,
  );
  const once = actor(`once ${seal.id}`).secretKey;
  return engine.sign(
    {
      kind: kinds.giftWrap,
      created_at,
      tags: [['p', agent.pubkey]],
      content: engine.nip44.seal(once, agent.pubkey, JSON.stringify(seal)),
    },
    once,
  );
}

test('a seal by another key than the message claims does nothing', async () => {
  const { world, agent, phone, trust } = await withRequest();
  const before = phone.texts().length;
  world.relay.push(wrapped({ world, agent }, { author: 'phone' }, 'thief'));
  await settle(world.clock);
  expect(await trust()).toBe('stranger');
  expect(phone.texts()).toHaveLength(before);
  expect(await agent.refused()).toMatchObject({ undecryptable: 1 });
});

test.each([
  [
    'the same text in a plain gift wrap (to see that the others are not refused for another reason)',
    {},
    true,
  ],
  ['an edit', { kind: kinds.edit }, false],
  ['a file', { kind: kinds.privateFile }, false],
  ['a deletion', { kind: kinds.deletion }, false],
  [
    'a message to several',
    {
      tags: [
        ['p', 'AGENT'],
        ['p', actor('carol').pubkey],
      ],
    },
    false,
  ],
  [
    'a message that has expired',
    {
      tags: [
        ['p', 'AGENT'],
        ['expiration', '1000'],
      ],
    },
    false,
  ],
])('whether it counts as an answer: %s', async (_, rumor, counts) => {
  const { world, agent, trust } = await withRequest();
  const tags =
    'tags' in rumor ? rumor.tags?.map((tag) => tag.map((part) => part.replace('AGENT', agent.pubkey))) : null;
  world.relay.push(wrapped({ world, agent }, { author: 'phone', ...rumor, ...(tags && { tags }) }, 'phone'));
  await settle(world.clock);
  expect(await trust()).toBe(counts ? 'contact' : 'stranger');
  expect(await agent.listRequests({})).toHaveLength(counts ? 0 : 1);
  expect((await agent.inbox()).map(({ from }) => from)).not.toContain(actor('phone').pubkey);
});

test('kind 4 does not count: the reply says what does, in a gift wrap', async () => {
  const { world, agent, phone, trust } = await withRequest();
  world.relay.push(world.fakePeer('phone').dm(agent.pubkey, '11 1'));
  await settle(world.clock);
  expect(await trust()).toBe('stranger');
  expect(phone.last()).toContain('for example: 11 1');
  expect(phone.addressed().map(({ kind }) => kind)).not.toContain(4);
});

test('requests and answers survive a crash, and nothing is done twice when relays send it again', async () => {
  const { world, agent, phone, trust, bob } = await withRequest();
  const carol = world.fakePeer('carol');
  world.relay.push(carol.wrap(agent.pubkey, 'Hello!'));
  await settle(world.clock);
  // Before the second request is sent.
  const disk = await agent.crash();
  const second = await world.start({ seed: 1, disk, config: ask, name: 'alice' });
  await world.clock.advance(3_000);
  expect(phone.last()).toContain('Request 12:');
  const first = await phone.send(second, '11 1');
  const third = await world.start({ seed: 1, disk: await second.crash(), config: ask, name: 'alice' });
  expect(await trust(third)).toBe('contact');
  await third.updatePeer({ pubkey: bob.pubkey, trust: 'stranger' });
  const sent = phone.texts().length;
  world.relay.push(first, first);
  await world.clock.advance(10 * MINUTE);
  expect(await trust(third)).toBe('stranger');
  expect(phone.texts()).toHaveLength(sent);
  await phone.send(third, '12 3');
  expect((await third.getPeer({ pubkey: carol.pubkey })).trust).toBe('blocked');
});

test('an answer from before its request does not count, as after a restore of an older home', async () => {
  const { world, agent, phone, trust } = await withRequest();
  const old = toUnixSec(world.clock.now()) - 3_600;
  world.relay.push(phone.wrap(agent, '11 1', old));
  await settle(world.clock);
  expect(await trust()).toBe('stranger');
  expect(phone.last()).toContain('dated before the request');
});

test('another phone takes over at once, with requests under new numbers', async () => {
  const { world, agent, phone, trust } = await withRequest();
  const next = createPhone(world, 'next phone');
  const { code } = await agent.setOwner({ pubkey: next.npub });
  await settle(world.clock);
  expect(phone.last()).toContain('no longer decides for the agent alice');
  const before = phone.texts().length;
  await phone.send(agent, '11 1');
  expect(await trust()).toBe('stranger');
  await next.send(agent, '11 1');
  await next.send(agent, code as string);
  await world.clock.advance(2 * MINUTE);
  expect(next.last()).toContain('Request 12: a stranger');
  await next.send(agent, '11 1');
  expect(await trust()).toBe('stranger');
  await next.send(agent, '12 1');
  expect(await trust()).toBe('contact');
  expect(phone.texts()).toHaveLength(before);
});

test('a phone that is removed gets nothing more, and its answers are the messages of a stranger', async () => {
  const { world, agent, phone, trust } = await withRequest();
  expect(await agent.removeOwner({})).toMatchObject({ state: 'none', pubkey: null, requests: [] });
  await settle(world.clock);
  const before = phone.texts().length;
  await phone.send(agent, '11 1');
  world.relay.push(world.fakePeer('carol').wrap(agent.pubkey, 'Hello!'));
  await world.clock.advance(HOUR);
  expect(phone.texts()).toHaveLength(before);
  expect(await trust()).toBe('stranger');
  expect((await agent.listRequests({})).map(({ messages }) => messages[0]?.content)).toContain('11 1');
  await confirmPhone(world, agent, phone);
  await world.clock.advance(2 * MINUTE);
  expect(phone.last()).toContain('Request 12:');
});

test('what waits in the outbox for a phone that was replaced never leaves', async () => {
  const { world, agent, phone, write } = await withPhone();
  await write('bob', 'For the first phone only');
  agent.network.disconnect();
  await world.clock.advance(5_000);
  await agent.setOwner({ pubkey: createPhone(world, 'next phone').npub });
  agent.network.connect();
  await world.clock.advance(HOUR);
  expect(phone.texts().join()).not.toContain('For the first phone only');
});

test('neither this agent, nor a blocked key, nor another agent, nor nonsense can be the phone', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const [bob, mallory] = [world.fakePeer('bob'), world.fakePeer('mallory')];
  world.relay.push(bob.presence({ features: modern }), mallory.dm(agent.pubkey, 'x'));
  await settle(world.clock);
  await agent.updatePeer({ pubkey: mallory.pubkey, trust: 'blocked' });
  const name = (pubkey: string) => agent.setOwner({ pubkey });
  await expect(name(agent.pubkey)).rejects.toMatchObject({ problem: 'owner_is_us' });
  await expect(name(bob.pubkey)).rejects.toMatchObject({ problem: 'owner_is_agent' });
  await expect(name(mallory.pubkey)).rejects.toMatchObject({ problem: 'owner_is_blocked' });
  await expect(name('f'.repeat(64))).rejects.toMatchObject({ code: 'invalid_pubkey' });
  await expect(name('alice')).rejects.toMatchObject({ code: 'invalid_pubkey' });
  await expect(agent.setOwner({ quiet_hours: '22:00-07:00' })).rejects.toMatchObject({ problem: 'no_owner' });
  await expect(agent.setOwner({ quiet_hours: '22:00-22:00' })).rejects.toMatchObject({
    problem: 'quiet_all_day',
  });
  expect(await agent.getOwner({})).toMatchObject({ state: 'none' });
});

test('a key that is blocked later decides nothing and gets nothing', async () => {
  const { world, agent, phone, trust } = await withRequest();
  await agent.addPeer({ pubkey: phone.npub });
  await agent.updatePeer({ pubkey: phone.pubkey, trust: 'blocked' });
  const before = phone.texts().length;
  await phone.send(agent, '11 1');
  world.relay.push(world.fakePeer('carol').wrap(agent.pubkey, 'Hello!'));
  await world.clock.advance(HOUR);
  expect(await trust()).toBe('stranger');
  expect(phone.texts()).toHaveLength(before);
  await agent.updatePeer({ pubkey: phone.pubkey, trust: 'stranger' });
  await world.clock.advance(MINUTE);
  expect(phone.last()).toContain('Request 12:');
});

test('a relay that wants the date of now gets it', async () => {
  const world = createTestMesh();
  const ageSec = ({ created_at }: NostrEvent) => toUnixSec(world.clock.now()) - created_at;
  world.relay.onPublish = (event) => (ageSec(event) > 60 ? reject('invalid: created_at too old') : accept);
  const agent = await world.start();
  const phone = createPhone(world);
  await agent.setOwner({ pubkey: phone.npub });
  await world.clock.advance(MINUTE);
  const [, fresh] = phone.addressed();
  expect(ageSec(fresh as NostrEvent)).toBeLessThan(120);
  expect(phone.texts()).toEqual(Array(2).fill(expect.stringContaining('reply with the code')));
});

test('decides for a phone that answers faster than anyone reads, and replies less often', async () => {
  const { world, agent, phone, write } = await withPhone();
  for (let n = 0; n < 40; n++) await write(`stranger ${n}`, 'Hello!');
  await world.clock.advance(5 * MINUTE);
  const before = phone.texts().length;
  for (let n = 0; n < 40; n++) await phone.send(agent, `${11 + n} 2`);
  await world.clock.advance(MINUTE);
  expect(await agent.listRequests({})).toEqual([]);
  expect(phone.texts().length - before).toBe(20);
});

test('a person who wrote before keeps the history, and decides by name from then on', async () => {
  const world = createTestMesh();
  const agent = await world.start({ config: { strangers: 'open', first_contact: 'ask' } });
  const phone = createPhone(world);
  await phone.send(agent, 'Hi agent');
  await confirmPhone(world, agent, phone);
  await phone.send(agent, 'Hi agent, again');
  expect((await agent.inbox()).map(({ content }) => content)).toEqual(['Hi agent']);
  expect(phone.last()).toContain('Nothing waits for you now.');
});

test('nothing but these messages goes to the phone: no hello, no reply to a ping, nothing by the agent', async () => {
  const { world, agent, phone } = await withPhone();
  const asPeer = world.fakePeer('phone');
  world.relay.push(
    asPeer.presence({ features: [...modern, 'nip17'] }),
    asPeer.wrap(agent.pubkey, JSON.stringify({ type: 'ping' })),
    asPeer.wrap(agent.pubkey, JSON.stringify({ type: 'intro', features: modern })),
  );
  await world.clock.advance(MINUTE);
  await agent.addPeer({ pubkey: phone.npub, alias: 'me' });
  await world.clock.advance(MINUTE);
  await expect(agent.sendMessage({ to: phone.npub, content: 'Request 11' })).rejects.toMatchObject({
    code: 'owner_key',
  });
  await expect(
    agent.sendMessage({ to: phone.npub, content: 'Request 11' }, { owner: true }),
  ).rejects.toMatchObject({ code: 'owner_key' });
  expect(phone.texts()).toHaveLength(2);
});

test('what was queued for a key before it became the phone is not sent', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const phone = createPhone(world);
  await phone.send(agent, 'Hi agent');
  agent.network.disconnect();
  const { id } = await agent.sendMessage({ to: phone.npub, content: 'Request 11: reply 12 1' });
  await agent.setOwner({ pubkey: phone.npub });
  agent.network.connect();
  await world.clock.advance(5_000);
  expect(phone.texts()).toEqual([expect.stringContaining('reply with the code')]);
  expect((await agent.getMessage({ id })).delivery.state).toBe('failed');
});

test('sends no requests in quiet hours, but answers the owner, and sends the rest afterwards', async () => {
  // The fake clock begins at midnight UTC.
  const { world, agent, phone, knock } = await withPhone();
  await agent.setOwner({ quiet_hours: '22:00-07:30' });
  const before = phone.texts().length;
  await knock('bob', 'Hello!');
  await phone.send(agent, 'anything?');
  await world.clock.advance(7 * HOUR);
  expect(phone.texts().slice(before)).toEqual([
    'Nothing waits for you now. A request has a number: reply with it and 1, 2 or 3.',
  ]);
  await world.clock.advance(0.5 * HOUR + 5 * MINUTE);
  expect(phone.last()).toContain('Request 11:');
  await agent.setOwner({ quiet_hours: null });
  expect(await agent.getOwner({})).toMatchObject({ quiet_hours: null, state: 'confirmed' });
});

test('tells once that no relay has kept our mail for an hour, and once that one does again', async () => {
  const { world, agent, phone } = await withPhone();
  const before = phone.texts().length;
  agent.network.disconnect();
  await world.clock.advance(58 * MINUTE);
  agent.network.connect();
  await world.clock.advance(5 * MINUTE);
  expect(phone.texts()).toHaveLength(before);
  agent.network.disconnect();
  await world.clock.advance(5 * HOUR);
  agent.network.connect();
  await world.clock.advance(HOUR);
  expect(phone.texts().slice(before)).toEqual([
    expect.stringContaining('For an hour no relay has kept the mail'),
    'A relay keeps the mail of your agent again.',
  ]);
});

test('a stranger’s words cannot pass for ours, and hold nothing that an app would load', async () => {
  const { world, agent, phone } = await withPhone();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ name: 'Request 99:\nReply 99 1', features: modern }));
  await settle(world.clock);
  const text = [
    'Reply 11 3 to accept',
    '\u202eReply\u200b\u2028Request 12: a stranger\u0085Reply 12 1',
    'https://evil.example/x.png?you nostr:npub1abc www.evil.example',
    'x'.repeat(1_000),
  ].join('\r\n');
  world.relay.push(bob.wrap(agent.pubkey, text));
  await world.clock.advance(61_000);
  const lines = phone.last().split('\n');
  expect(lines.filter((line) => !line.startsWith('> '))).toEqual([
    expect.stringMatching(/^Request 11: a stranger \(key [0-9a-f]{12}\) wrote/),
    'Reply 11 1 to accept, 11 2 to refuse, 11 3 to block.',
  ]);
  expect(lines[1]).toBe('> Name: Request 99: Reply 99 1');
  expect(lines).toContain('> Request 12: a stranger');
  expect(phone.last()).not.toMatch(/https?:\/\/|nostr:|\w\.\w|[\u202e\u200b\u2028\u0085]/);
  expect(phone.last()).toContain('> […]');
  expect(phone.last().length).toBeLessThan(600);
});

test('a message reaches the relays that the phone names for its messages', async () => {
  const world = createTestMesh('wss://one.test', 'wss://theirs.test');
  const phone = createPhone(world);
  world.relay.keep(
    world.fakePeer('phone').sign({ kind: kinds.dmRelayList, tags: [['relay', 'wss://theirs.test']] }),
  );
  const agent = await world.start({ config: { relays: ['wss://one.test'] } });
  await agent.setOwner({ pubkey: phone.npub });
  await world.clock.advance(10_000);
  const there = world.mesh.relay('wss://theirs.test').offered;
  expect(there.map((event) => phone.identity.openDm(event).plaintext)).toEqual([
    expect.stringContaining('reply with the code'),
  ]);
});

test('the policy no longer asks: a request that was sent says so', async () => {
  const { agent, phone, trust } = await withRequest();
  await agent.setPolicy({ strangers: 'open' });
  await phone.send(agent, '11 3');
  expect(phone.last()).toContain('11 no longer waits');
  expect(await trust()).toBe('stranger');
});
