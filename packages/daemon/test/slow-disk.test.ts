import { expect, onTestFinished, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

const SLOW = 10_000;

async function hanging() {
  const world = createTestMesh('ws://127.0.0.1:1');
  let release = (): void => {};
  let held: Promise<void> | null = null;
  const agent = await world.start({ datasync: async () => void (await held) });
  onTestFinished(() => release());
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await world.clock.advance(5_000);
  world.relay.push(bob.dm(agent.pubkey, 'before'));
  await world.clock.advance(5_000);
  return {
    world,
    agent,
    bob,
    hang() {
      held = new Promise((resolve) => {
        release = () => {
          held = null;
          resolve();
        };
      });
    },
    async respond() {
      release();
      await settle(world.clock);
      await world.clock.advance(1_000);
    },
    sent: () => bob.opened(world.relay.offered).flatMap(({ body, text }) => body ?? text ?? []),
  };
}

const mayBeStored = { code: 'storage_slow', problem: 'may_be_stored', retryAfterSeconds: 10 };

test('a call that changes something gets an error while the disk does not respond, and happens once, later', async () => {
  const { world, agent, bob, hang, respond } = await hanging();
  hang();
  const call = { to: bob.pubkey, content: 'once', idempotency_key: 'key' };
  const first = agent.sendMessage(call);
  first.catch(() => {});
  const marked = agent.markRead({ all: true });
  marked.catch(() => {});
  await world.clock.advance(SLOW);
  await expect(first).rejects.toMatchObject(mayBeStored);
  await expect(marked).rejects.toMatchObject(mayBeStored);
  // From now on nothing is kept that cannot be written.
  await expect(agent.sendMessage(call)).rejects.toMatchObject({ code: 'storage_slow', problem: undefined });
  await expect(agent.sendMessage({ to: bob.pubkey, content: 'refused' })).rejects.toMatchObject({
    code: 'storage_slow',
  });
  await expect(agent.updatePeer({ pubkey: bob.pubkey, trust: 'contact' })).rejects.toMatchObject({
    code: 'storage_slow',
  });
  expect(bob.opened(world.relay.offered).filter(({ body, text }) => (body ?? text) === 'once')).toEqual([]);
  await respond();
  const again = await agent.sendMessage(call);
  const { items } = await agent.listMessages({ direction: 'out' });
  expect(items.map(({ id, content }) => ({ id, content }))).toEqual([{ id: again.id, content: 'once' }]);
  // Offered to the relays without a restart, once.
  expect(bob.opened(world.relay.offered).filter(({ body, text }) => (body ?? text) === 'once')).toHaveLength(
    1,
  );
  expect((await agent.inbox()).map(({ content, read }) => ({ content, read }))).toEqual([
    { content: 'before', read: true },
  ]);
});

test('while the disk does not respond, reads show what it confirmed, and the status says so', async () => {
  const { world, agent, bob, hang, respond } = await hanging();
  hang();
  world.relay.push(bob.dm(agent.pubkey, 'unconfirmed'));
  await settle(world.clock);
  const waiting = agent.listMessages({});
  await world.clock.advance(SLOW);
  expect((await waiting).items.map(({ content }) => content)).toEqual(['before']);
  expect((await agent.inbox()).map(({ content }) => content)).toEqual(['before']);
  expect((await agent.peers()).map(({ pubkey }) => pubkey)).toEqual([bob.pubkey]);
  expect(await agent.getStatus({})).toMatchObject({
    degraded: true,
    reasons: [{ code: 'storage_slow', next_step: expect.stringContaining('disk') }],
  });
  expect(
    agent.log.lines.filter(({ message }) => message.includes('the disk does not confirm a write')),
  ).toHaveLength(1);
  // Nothing arrives twice, and what was refused meanwhile is fetched again.
  const meanwhile = bob.dm(agent.pubkey, 'meanwhile');
  world.relay.keep(meanwhile);
  world.relay.push(meanwhile);
  await world.clock.advance(90_000);
  await respond();
  expect(await agent.getStatus({})).toMatchObject({ degraded: false });
  await world.clock.advance(10 * 60_000);
  expect((await agent.inbox()).map(({ content }) => content)).toEqual(['before', 'unconfirmed', 'meanwhile']);
});

test('a call that waits for messages is answered while the disk does not respond', async () => {
  const { world, agent, hang, respond } = await hanging();
  await agent.markRead({ all: true });
  await world.clock.advance(1_000);
  hang();
  const marked = agent.updatePeer({ pubkey: (await agent.peers())[0]?.pubkey as never, note: 'slow' });
  marked.catch(() => {});
  const waiting = agent.waitForMessages({ timeout_s: 20 });
  await world.clock.advance(25_000);
  expect(await waiting).toMatchObject({ messages: [], timed_out: true });
  await respond();
});
