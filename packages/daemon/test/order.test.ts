import { type Input, type Message, validateInput } from '@ocmesh/shared/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FakePeer, modern } from './support/fake-peer.ts';
import { createTestMesh, settle, startTwo, type TestAgent, type TestMesh } from './support/test-agent.ts';

async function receiving(features: readonly string[] = modern) {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features }));
  await settle(world.clock);
  return { world, agent, bob };
}

/** A message that the peer wrote `agoMs` before now. */
const numbered = (world: TestMesh, seq: number, agoMs = 0, text = `${seq}`) => ({
  type: 'text',
  body: text,
  mid: `mid-of-message-${seq}-${text}`,
  ts: world.clock.now() - agoMs,
  seq,
});

async function arrive(world: TestMesh, agent: TestAgent, peer: FakePeer, ...payloads: object[]) {
  for (const payload of payloads) {
    const { ts = world.clock.now() } = payload as { ts?: number };
    const draft = { created_at: Math.floor(ts / 1000) };
    world.relay.push(peer.dm(agent.pubkey, payload as Record<string, unknown>, draft));
    await settle(world.clock);
  }
}

const list = async (agent: TestAgent, input: Input<'listMessages'>) =>
  (await agent.listMessages({ order: 'asc', ...input })).items;
const texts = (messages: readonly Message[]) => messages.map(({ content }) => content);
const gaps = (messages: readonly Message[]) =>
  messages.flatMap(({ seq, missing_before }) => (missing_before > 0 ? [[seq, missing_before]] : []));

test('a conversation is in the sender’s order, whatever the order of arrival', async () => {
  const { world, agent, bob } = await receiving();
  await arrive(world, agent, bob, ...[1, 4, 2, 5, 3].map((seq) => numbered(world, seq, 10_000 - seq)));
  for (const input of [{ with: bob.pubkey }, { from: bob.pubkey }, {}]) {
    const asc = await list(agent, input);
    expect(asc.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(await list(agent, { ...input, order: 'desc' })).toEqual(asc.toReversed());
  }
  expect(gaps(await list(agent, { with: bob.pubkey }))).toEqual([]);
});

test('the unread queue, `after` and wait hand out messages as they arrived, each once', async () => {
  const { world, agent, bob } = await receiving();
  const next = async (after?: string) => {
    const waited = agent.waitForMessages({ timeout_s: 0, ...(after === undefined ? {} : { after }) });
    await settle(world.clock);
    return waited;
  };
  await arrive(world, agent, bob, numbered(world, 1, 9), numbered(world, 3, 7));
  const first = await next();
  expect(texts(first.messages)).toEqual(['1', '3']);
  await arrive(world, agent, bob, numbered(world, 2, 8));
  const second = await next(first.cursor);
  expect(texts(second.messages)).toEqual(['2']);
  expect((await next(second.cursor)).messages).toEqual([]);
  expect(texts(await list(agent, { unread: true }))).toEqual(['1', '3', '2']);
  expect(texts(await list(agent, { after: first.cursor, with: bob.pubkey }))).toEqual(['2']);
});

test('says how many are missing, until they arrive', async () => {
  const { world, agent, bob } = await receiving();
  await arrive(world, agent, bob, numbered(world, 1, 90), numbered(world, 6, 40), numbered(world, 9, 10));
  const shown = () => list(agent, { with: bob.pubkey });
  expect(gaps(await shown())).toEqual([
    [6, 4],
    [9, 2],
  ]);
  await arrive(world, agent, bob, numbered(world, 3, 70));
  expect(gaps(await shown())).toEqual([
    [3, 1],
    [6, 2],
    [9, 2],
  ]);
  await arrive(world, agent, bob, ...[5, 2, 4, 8, 7].map((seq) => numbered(world, seq, 100 - 10 * seq)));
  expect(gaps(await shown())).toEqual([]);
  expect((await shown()).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a first message that is not the first one says so', async () => {
  const { world, agent, bob } = await receiving();
  await arrive(world, agent, bob, numbered(world, 6));
  expect(gaps(await list(agent, {}))).toEqual([[6, 5]]);
});

test('a peer that counted with somebody else’s home, or wrote plain text, is not said to miss anything', async () => {
  const { world, agent, bob } = await receiving();
  const carol = world.fakePeer('carol');
  await arrive(world, agent, bob, numbered(world, 700));
  world.relay.push(carol.dm(agent.pubkey, 'plain'), carol.dm(agent.pubkey, 'text'));
  await settle(world.clock);
  await arrive(world, agent, carol, numbered(world, 3));
  world.relay.push(carol.dm(agent.pubkey, 'plain again'));
  await settle(world.clock);
  await arrive(world, agent, carol, numbered(world, 5));
  expect(gaps(await list(agent, {}))).toEqual([]);
});

test('a peer that counts from 1 again goes on after its earlier messages', async () => {
  const { world, agent, bob } = await receiving();
  await arrive(world, agent, bob, numbered(world, 1), numbered(world, 2), numbered(world, 5));
  await world.clock.advance(1_000);
  await arrive(world, agent, bob, numbered(world, 1, 0, 'new 1'), numbered(world, 2, 0, 'new 2'));
  await world.clock.advance(1_000);
  await arrive(world, agent, bob, numbered(world, 4, 0, 'new 4'), numbered(world, 3, 1, 'new 3'));
  const shown = await list(agent, { with: bob.pubkey });
  expect(texts(shown)).toEqual(['1', '2', '5', 'new 1', 'new 2', 'new 3', 'new 4']);
  expect(gaps(shown)).toEqual([[5, 2]]);
});

test('a message that was signed anew much later keeps its place', async () => {
  const { world, agent, bob } = await receiving();
  await arrive(world, agent, bob, numbered(world, 1), numbered(world, 3));
  const second = { ...numbered(world, 2) };
  await world.clock.advance(3 * 3_600_000);
  const draft = { created_at: Math.floor(world.clock.now() / 1000) };
  world.relay.push(bob.dm(agent.pubkey, second, draft));
  await settle(world.clock);
  expect(texts(await list(agent, { with: bob.pubkey }))).toEqual(['1', '2', '3']);
});

test('a forged number harms only its own sender’s conversation, and claims no huge gap', async () => {
  const { world, agent, bob } = await receiving();
  const mallory = world.fakePeer('mallory');
  await arrive(world, agent, bob, numbered(world, 1), numbered(world, 2));
  for (const seq of [1, 999_999_999_999_999, Number.MAX_SAFE_INTEGER, 2, -1, 1.5]) {
    await world.clock.advance(1_000);
    await arrive(world, agent, mallory, numbered(world, seq, 0, 'forged'));
  }
  await arrive(world, agent, bob, numbered(world, 3));
  expect((await list(agent, { with: bob.pubkey })).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  const forged = await list(agent, { with: mallory.pubkey });
  expect(forged).toHaveLength(6);
  expect(gaps(forged)).toEqual([]);
});

test('what our agent wrote stands between the messages by time, also before one that came late', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  const carol = world.fakePeer('carol');
  world.relay.push(carol.presence({ features: modern }));
  await settle(world.clock);
  const say = async (content: string) => {
    await world.clock.advance(1_000);
    await alice.sendMessage({ to: carol.pubkey, content });
    await world.clock.advance(1_000);
  };
  await arrive(world, alice, carol, numbered(world, 1));
  await say('mine 1');
  const late = numbered(world, 2);
  await say('mine 2');
  await arrive(world, alice, carol, numbered(world, 3), late);
  const shown = await list(alice, { with: carol.pubkey, direction: 'all' });
  expect(texts(shown)).toEqual(['1', 'mine 1', '2', 'mine 2', '3']);
  expect(shown.map(({ seq, missing_before }) => [seq, missing_before])).toEqual([
    [1, 0],
    [1, 0],
    [2, 0],
    [2, 0],
    [3, 0],
  ]);
  expect(bob.pubkey).not.toBe(carol.pubkey);
});

test('messages without numbers stay in the order of their arrival', async () => {
  const { world, agent, bob } = await receiving(['messaging']);
  for (const text of ['a', 'b', 'c']) world.relay.push(bob.dm(agent.pubkey, text));
  await settle(world.clock);
  expect(await list(agent, { with: bob.pubkey })).toMatchObject(
    ['a', 'b', 'c'].map((content) => ({ content, seq: null, missing_before: 0 })),
  );
});

test('pages of a conversation skip nothing and repeat nothing while late messages arrive', async () => {
  const { world, agent, bob } = await receiving();
  const odd = Array.from({ length: 20 }, (_, n) => 2 * n + 1);
  await arrive(world, agent, bob, ...odd.map((seq) => numbered(world, seq, 10_000 - seq)));
  const seen: (number | null)[] = [];
  let cursor: string | null = null;
  do {
    const input = validateInput('listMessages', {
      with: bob.pubkey,
      order: 'desc',
      limit: '3',
      ...(cursor === null ? {} : { cursor }),
    }) as Input<'listMessages'>;
    const page = await agent.listMessages(input);
    seen.push(...page.items.map(({ seq }) => seq));
    cursor = page.next_cursor;
    // Behind the page: the numbers that are still to come in the listing.
    const last = seen.at(-1) ?? 0;
    if (last > 2 && last % 2 === 1) await arrive(world, agent, bob, numbered(world, last - 1, 10_000 - last));
  } while (cursor !== null);
  expect(seen).toEqual([...seen].sort((a, b) => Number(b) - Number(a)));
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toEqual(expect.arrayContaining(odd));
});

test('any order of arrival, restarts of the daemon included, ends as the sender’s order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8], { minLength: 2 }),
      fc.nat(7),
      async (order, crashAt) => {
        const { world, agent: first, bob } = await receiving();
        let agent = first;
        // The first one begins the conversation, so that the numbers before it are known to be missing.
        for (const [index, seq] of order.entries()) {
          if (index === crashAt) agent = await world.start({ disk: await agent.crash() });
          await arrive(world, agent, bob, numbered(world, seq, 1_000 - seq));
        }
        const shown = await list(agent, { with: bob.pubkey });
        const sorted = order.toSorted((a, b) => a - b);
        expect(shown.map(({ seq }) => seq)).toEqual(sorted);
        const missing = shown.reduce((sum, message) => sum + message.missing_before, 0);
        expect(missing).toBe(Math.max(...order) - order.length);
      },
    ),
    { numRuns: 15 },
  );
});

test('a page of stored messages is handed out in the sender’s order', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await settle(world.clock);
  const disk = await agent.crash();
  for (const seq of [3, 1, 2]) {
    const ts = world.clock.now() + seq;
    world.relay.keep(bob.dm(agent.pubkey, { ...numbered(world, seq), ts }));
  }
  await world.clock.advance(60_000);
  const again = await world.start({ disk });
  await world.clock.advance(5_000);
  const { messages } = await again.waitForMessages({});
  expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
});

test('a held message is released to its place', async () => {
  const world = createTestMesh();
  const agent = await world.start({ config: { strangers: 'ask' } });
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await settle(world.clock);
  await arrive(world, agent, bob, numbered(world, 2, 5), numbered(world, 1, 6));
  await agent.answerRequest({ pubkey: bob.pubkey, accept: true });
  expect((await list(agent, { with: bob.pubkey })).map(({ seq }) => seq)).toEqual([1, 2]);
  expect(gaps(await list(agent, {}))).toEqual([]);
});

test('a gap makes the relays be asked again, at most once in a while', async () => {
  const { world, agent, bob } = await receiving();
  await agent.updatePeer({ pubkey: bob.pubkey, trust: 'contact' });
  // Until it is on the list of correspondents.
  await world.clock.advance(2_000);
  await arrive(world, agent, bob, numbered(world, 1));
  // The relay has it, but did not forward it.
  world.relay.keep(bob.dm(agent.pubkey, numbered(world, 2)));
  await world.clock.advance(1_000);
  await arrive(world, agent, bob, numbered(world, 3));
  expect(gaps(await list(agent, {}))).toEqual([[3, 1]]);
  await world.clock.advance(6 * 60_000);
  expect(texts(await list(agent, { with: bob.pubkey }))).toEqual(['1', '2', '3']);
});

test('a peer that skips numbers all day makes the relays be asked some times only', async () => {
  const { world, agent, bob } = await receiving();
  await agent.updatePeer({ pubkey: bob.pubkey, trust: 'contact' });
  await world.clock.advance(60_000);
  const asked = () => world.relay.queries.filter(({ kinds, limit }) => kinds?.[0] === 1059 && limit === 500);
  const skipFor = async (hours: number): Promise<number> => {
    const before = asked().length;
    for (let n = 0; n < hours * 6; n++) {
      seq += 2;
      await arrive(world, agent, bob, numbered(world, seq));
      await world.clock.advance(600_000);
    }
    return asked().length - before;
  };
  let seq = 1;
  await skipFor(24);
  const [first, second] = [await skipFor(24), await skipFor(24)];
  expect(Math.max(first, second)).toBeLessThan(10);
});
