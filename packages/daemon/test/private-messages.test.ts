import type { NostrEvent } from '@ocmesh/shared/wire';
import { actor, createSeededRandom } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createWasmEngine } from '../src/adapters/crypto/wasm-engine.ts';
import { wrapRumor } from '../src/core/identity/gift-wrap.ts';
import { newWrapKey } from '../src/core/identity/wrap-keys.ts';
import { readEvents } from './support/event-reader.ts';
import { modern } from './support/fake-peer.ts';
import {
  createTestMesh,
  settle,
  type TestAgent,
  type TestAgentOptions,
  type TestMesh,
} from './support/test-agent.ts';

const engine = createWasmEngine();
const deps = { engine, random: createSeededRandom(3) };
const carol = actor('carol');
const dave = actor('dave');

interface RumorDraft {
  readonly kind?: number;
  readonly content?: string;
  readonly tags?: readonly (readonly string[])[];
  readonly id?: unknown;
}

/** A gift wrap whose seal has these tags. */
function wrapWithSeal(world: TestMesh, agent: TestAgent, content: string, tags: string[][]): NostrEvent {
  const at = { created_at: Math.floor(world.clock.now() / 1000) };
  const unsigned = { pubkey: carol.pubkey, kind: 14, tags: [['p', agent.pubkey]], content, ...at };
  const rumor = JSON.stringify({ id: engine.eventId(unsigned), ...unsigned });
  const sealed = engine.nip44.seal(carol.secretKey, agent.pubkey, rumor);
  const seal = engine.sign({ kind: 13, tags, content: sealed, ...at }, carol.secretKey);
  const once = newWrapKey(deps, agent.pubkey);
  const wrapped = once.seal(JSON.stringify(seal));
  return engine.sign({ kind: 1059, tags: [['p', agent.pubkey]], content: wrapped, ...at }, once.secretKey);
}

/** A gift wrap as another client of NIP-17 makes it. */
function wrapOf(world: TestMesh, agent: TestAgent, draft: RumorDraft): NostrEvent {
  const nowSec = Math.floor(world.clock.now() / 1000);
  const tags = draft.tags ?? [['p', agent.pubkey]];
  const rumor = { pubkey: carol.pubkey, created_at: nowSec, kind: 14, content: '', ...draft, tags };
  return wrapRumor(deps, carol, rumor as Parameters<typeof wrapRumor>[2], newWrapKey(deps, agent.pubkey), {
    nowSec,
  });
}

const DAY = 86_400_000;

async function receiving({
  clockOffsetMs = null,
  config = {},
}: {
  clockOffsetMs?: number | null;
  config?: TestAgentOptions['config'];
} = {}) {
  const world = createTestMesh();
  world.relay.clockOffsetMs = clockOffsetMs;
  const agent = await world.start({ config });
  const push = async (...drafts: RumorDraft[]) => {
    world.relay.push(...drafts.map((draft) => wrapOf(world, agent, draft)));
    await settle(world.clock);
  };
  return { world, agent, push };
}

test('a file of NIP-17 is a message of type file', async () => {
  const { agent, push } = await receiving();
  await push({
    kind: 15,
    content: 'https://files.example/a.enc',
    tags: [
      ['p', agent.pubkey],
      ['file-type', 'image/png'],
      ['size', '1234'],
      ['encryption-algorithm', 'aes-gcm'],
      ['decryption-key', 'k'],
      ['decryption-nonce', 'n'],
      ['x', 'ab'],
    ],
  });
  expect(await agent.inbox()).toMatchObject([
    {
      type: 'file',
      content: 'https://files.example/a.enc',
      data: {
        url: 'https://files.example/a.enc',
        mime: 'image/png',
        size: 1234,
        encryption_algorithm: 'aes-gcm',
        decryption_key: 'k',
        decryption_nonce: 'n',
        sha256: 'ab',
      },
    },
  ]);
});

test('deletions and edits are shown; other kinds are counted under a reason of their own', async () => {
  const { agent, push } = await receiving();
  const id = 'ab'.repeat(32);
  const tags = [
    ['p', agent.pubkey],
    ['e', id],
  ];
  await push(
    { kind: 5, content: 'sorry', tags },
    { kind: 1010, content: 'better', tags },
    { kind: 7, content: '+', tags },
  );
  const inbox = await agent.inbox();
  expect(inbox).toHaveLength(2);
  expect(inbox).toContainEqual(
    expect.objectContaining({ type: 'deletion', content: 'sorry', data: { deletes: [id] } }),
  );
  expect(inbox).toContainEqual(expect.objectContaining({ type: 'edit', content: 'better', reply_to: id }));
  expect(await agent.refused()).toEqual({ unwanted_rumor: 1 });
});

test('a message without a usable id arrives', async () => {
  const { agent, push } = await receiving();
  await push({ content: 'one', id: '' }, { content: 'two' });
  expect((await agent.inbox()).map(({ content }) => content).sort()).toEqual(['one', 'two']);
});

test('a message ends at its expiration, and is gone from the store', async () => {
  const { world, agent, push } = await receiving();
  const nowSec = Math.floor(world.clock.now() / 1000);
  const ends = (sec: number) => [
    ['p', agent.pubkey],
    ['expiration', String(nowSec + sec)],
  ];
  await push({ content: 'short', tags: ends(60) }, { content: 'over', tags: ends(-1) });
  expect((await agent.inbox()).map(({ content }) => content)).toEqual(['short']);
  await world.clock.advance(70_000);
  expect(await agent.inbox()).toEqual([]);
  expect(agent.store.peek(({ messages }) => messages.totals().count)).toBe(0);
});

/** Tags of a message that ends so many seconds from now. */
const endsIn = (world: TestMesh, agent: TestAgent, sec: number): string[][] => [
  ['p', agent.pubkey],
  ['expiration', String(Math.floor(world.clock.now() / 1000) + sec)],
];

test('the earlier expiration counts, of the seal or of the rumor, and a kind 4 event has one as well', async () => {
  const { world, agent, push } = await receiving();
  const dave = world.fakePeer('dave');
  const [, soon] = endsIn(world, agent, 5) as [string[], string[]];
  await push({ content: 'rumor', tags: endsIn(world, agent, 5) });
  world.relay.push(
    wrapWithSeal(world, agent, 'seal', [soon]),
    dave.dm(agent.pubkey, 'kind 4', { tags: endsIn(world, agent, 5) }),
    wrapWithSeal(world, agent, 'later', endsIn(world, agent, 50)),
  );
  await settle(world.clock);
  expect((await agent.inbox()).map(({ content }) => content).sort()).toEqual([
    'kind 4',
    'later',
    'rumor',
    'seal',
  ]);
  await world.clock.advance(5_000);
  expect((await agent.inbox()).map(({ content }) => content)).toEqual(['later']);
});

test('a message that has ended is shown nowhere, even before it is removed', async () => {
  const { world, agent, push } = await receiving();
  const reader = readEvents(agent);
  await settle(world.clock);
  const start = reader.position();
  await push({ content: 'short', tags: endsIn(world, agent, 5) });
  const id = (await agent.inbox())[0]?.id as string;
  await world.clock.advance(4_900);
  expect(await agent.getStatus({})).toMatchObject({ unread_count: 1 });
  await world.clock.advance(100);
  expect(agent.store.peek(({ messages }) => messages.totals().count)).toBe(1);
  await expect(agent.getMessage({ id })).rejects.toMatchObject({ code: 'message_unknown' });
  expect(await agent.getStatus({})).toMatchObject({ unread_count: 0 });
  expect(await agent.peer(carol.pubkey)).toMatchObject({ unread_count: 0 });
  expect((await agent.listMessages({ q: 'short', direction: 'all' })).items).toEqual([]);
  // It was never seen, so nobody is told that it was read.
  expect(await agent.markRead({ all: true })).toEqual({ marked: 0 });
  expect(await agent.markRead({ id })).toEqual({ marked: 0 });
  const waiting = agent.waitForMessages({ timeout_s: 1 });
  await world.clock.advance(1_000);
  expect(await waiting).toMatchObject({ messages: [], timed_out: true });
  const late = readEvents(agent, { types: 'message.received', last_event_id: start });
  await settle(world.clock);
  expect(late.seen).toEqual([]);
  await world.clock.advance(10_000);
  expect(
    agent.store.peek(({ messages, shares }) => [messages.totals().count, shares.of(carol.pubkey).received]),
  ).toEqual([0, 0]);
});

test('a message that ended before it came is counted and confirmed to nobody', async () => {
  const { world, agent } = await receiving();
  const bob = world.fakePeer('bob');
  const tags = endsIn(world, agent, -1);
  world.relay.push(
    wrapWithSeal(world, agent, 'seal', tags.slice(1)),
    bob.dm(agent.pubkey, { type: 'text', content: 'kind 4', mid: 'm-1', seq: 1 }, { tags }),
  );
  await world.clock.advance(60_000);
  expect(await agent.inbox()).toEqual([]);
  expect(await agent.refused()).toEqual({ message_expired: 2 });
});

test.each(['-1', '1.5', '1e3', '', ' 1', '9007199254740992', 'soon', '0x10'])(
  'an expiration of %j is none',
  async (value) => {
    const { world, agent } = await receiving();
    world.relay.push(wrapWithSeal(world, agent, 'kept', [['expiration', value]]));
    await world.clock.advance(20_000);
    expect(await agent.inbox()).toMatchObject([{ content: 'kept' }]);
  },
);

test('a held message that ended is not shown to the owner, and is gone from the store', async () => {
  const { world, agent, push } = await receiving({ config: { strangers: 'ask' } });
  await push({ content: 'short', tags: endsIn(world, agent, 5) });
  expect((await agent.listRequests({})).map(({ message_count }) => message_count)).toEqual([1]);
  await world.clock.advance(5_000);
  expect(await agent.listRequests({})).toEqual([]);
  expect(await agent.getStatus({})).toMatchObject({ request_count: 0 });
  await expect(agent.answerRequest({ pubkey: carol.pubkey, accept: true })).rejects.toMatchObject({
    code: 'request_unknown',
  });
  await agent.updatePeer({ pubkey: carol.pubkey, trust: 'contact' });
  expect(await agent.inbox()).toEqual([]);
  await world.clock.advance(10_000);
  expect(agent.store.peek(({ shares }) => shares.of(carol.pubkey).received)).toBe(0);
});

test('deletions and edits by another author change nothing', async () => {
  const { world, agent, push } = await receiving();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.dm(agent.pubkey, 'from bob'));
  await settle(world.clock);
  const id = (await agent.inbox())[0]?.id as string;
  const tags = [
    ['p', agent.pubkey],
    ['e', id],
  ];
  await push({ kind: 5, tags }, { kind: 1010, content: 'forged', tags });
  expect(await agent.getMessage({ id })).toMatchObject({
    content: 'from bob',
    type: 'text',
    from: bob.pubkey,
  });
});

test.each([-30 * DAY, 30 * DAY])(
  'a home that began with a clock that was off by %s ms removes no message before its expiration',
  async (offMs) => {
    const { world, agent, push } = await receiving({ clockOffsetMs: -offMs });
    world.clock.jump(-offMs);
    world.relay.clockOffsetMs = 0;
    const endSec = Math.floor(world.clock.now() / 1000) + 3_600;
    await push({
      content: 'short',
      tags: [
        ['p', agent.pubkey],
        ['expiration', String(endSec)],
      ],
    });
    await world.clock.advance(70_000);
    await world.clock.advance(3_400_000);
    expect(agent.store.peek(({ messages }) => messages.totals().count)).toBe(1);
    await world.clock.advance(200_000);
    expect(agent.store.peek(({ messages }) => messages.totals().count)).toBe(0);
  },
);

test('a message to several shows all receivers and the subject', async () => {
  const { agent, push } = await receiving();
  await push({
    content: 'hi both',
    tags: [
      ['p', agent.pubkey],
      ['p', dave.pubkey],
      ['p', 'nobody'],
      ['subject', 'lunch'],
    ],
  });
  await push({ content: 'just you', tags: [['p', agent.pubkey]] });
  expect(await agent.inbox()).toMatchObject([
    { content: 'hi both', recipients: [agent.pubkey, dave.pubkey], subject: 'lunch' },
    { content: 'just you', recipients: [], subject: null },
  ]);
});

test('NIP-44 in a kind 4 event is read', async () => {
  const { world, agent } = await receiving();
  const bob = world.fakePeer('bob');
  const content = engine.nip44.seal(actor('bob').secretKey, agent.pubkey, '{new words, old kind');
  world.relay.push(bob.sign({ kind: 4, tags: [['p', agent.pubkey]], content }));
  await settle(world.clock);
  expect(await agent.inbox()).toMatchObject([{ content: '{new words, old kind', from: bob.pubkey }]);
});

test('a mid that is used again for something else is another message, with its own receipt', async () => {
  const { world, agent } = await receiving();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await settle(world.clock);
  const say = async (body: string, agoMs = 0) => {
    const ts = world.clock.now() - agoMs;
    const event = bob.dm(agent.pubkey, { type: 'text', body, mid: 'message-1', ts });
    world.relay.push(event);
    await world.clock.advance(1_000);
    return event;
  };
  await say('hello');
  const second = await say('hello again');
  expect(await agent.inbox()).toMatchObject([
    { id: 'message-1', content: 'hello' },
    { id: second.id, content: 'hello again' },
  ]);
  // The same words, but far apart in time.
  const third = await say('hello', 8 * 86_400_000);
  expect((await agent.inbox()).map(({ id }) => id)).toEqual(['message-1', second.id, third.id]);
  const named = bob
    .opened(agent.published(4))
    .flatMap(({ msgIds }) => (msgIds as string[] | undefined) ?? []);
  expect(named).toEqual(expect.arrayContaining(['message-1', second.id, third.id]));
  // Signed anew, the one with the id of its event is still the same.
  const again = { type: 'text', body: 'hello again', mid: 'message-1', ts: 1000 * second.created_at + 1_000 };
  world.relay.push(bob.dm(agent.pubkey, again));
  await settle(world.clock);
  const copy = bob.dm(agent.pubkey, again, { created_at: Math.floor(world.clock.now() / 1000) - 5 });
  world.relay.push(copy);
  await settle(world.clock);
  expect(await agent.inbox()).toHaveLength(4);
});
