import type { NostrEvent } from '@ocmesh/shared/wire';
import { actor, createSeededRandom } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createWasmEngine } from '../src/adapters/crypto/wasm-engine.ts';
import { wrapRumor } from '../src/core/identity/gift-wrap.ts';
import { newWrapKey } from '../src/core/identity/wrap-keys.ts';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle, type TestAgent, type TestMesh } from './support/test-agent.ts';

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

async function receiving({ clockOffsetMs = null as number | null } = {}) {
  const world = createTestMesh();
  world.relay.clockOffsetMs = clockOffsetMs;
  const agent = await world.start();
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
