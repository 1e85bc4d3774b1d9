import { expect, test } from 'vitest';
import { trustLimits } from '../src/core/trust/limits.ts';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

const most = trustLimits.firstContact.perHour;

async function amongStrangers() {
  const world = createTestMesh();
  const agent = await world.start();
  const fakePeers = Array.from({ length: most + 3 }, (_, i) => world.fakePeer(`peer ${i}`));
  world.relay.push(...fakePeers.map((fakePeer) => fakePeer.presence({ features: modern })));
  await settle(world.clock);
  const [last, other, writer, ...many] = fakePeers;
  if (!last || !other || !writer) throw new Error('no fake peers');
  world.relay.push(writer.dm(agent.pubkey, 'hello'));
  await settle(world.clock);
  for (const { pubkey } of many) await agent.sendMessage({ to: pubkey, content: 'pass it on' });
  return { world, agent, last, other, writer, many };
}

test('limits how many strangers a model writes to, and the owner sees the rest', async () => {
  const { agent, last } = await amongStrangers();
  await expect(agent.sendMessage({ to: last.pubkey, content: 'pass it on' })).rejects.toMatchObject({
    code: 'first_contact',
    message: expect.stringContaining(String(most)),
  });
  expect(await agent.listRequests({})).toMatchObject([
    { direction: 'out', peer: { pubkey: last.pubkey }, messages: [{ content: 'pass it on' }] },
  ]);
});

test('does not count peers that wrote first or were written to before, nor messages by the owner', async () => {
  const { agent, last, writer, many } = await amongStrangers();
  const [first] = many;
  await agent.sendMessage({ to: writer.pubkey, content: 'an answer' });
  await agent.sendMessage({ to: first?.pubkey ?? '', content: 'again' });
  await agent.sendMessage({ to: last.pubkey, content: 'from me' }, { owner: true });
  expect(await agent.listRequests({})).toEqual([]);
});

test('allows more first contacts an hour later', async () => {
  const { world, agent, last, other } = await amongStrangers();
  await world.clock.advance(3_599_000);
  await expect(agent.sendMessage({ to: last.pubkey, content: 'x' })).rejects.toThrow();
  await world.clock.advance(1_000);
  await agent.sendMessage({ to: last.pubkey, content: 'x' });
  await agent.sendMessage({ to: other.pubkey, content: 'x' });
});

test('counts a stranger once, however often sending to it is retried', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const [bob, carol] = [world.fakePeer('bob'), world.fakePeer('carol')];
  world.relay.push(bob.presence({ features: modern }), carol.presence({ features: modern }));
  await settle(world.clock);
  const tooMuch = { to: bob.pubkey, content: 'x', type: 'task', data: { action: 'x'.repeat(30_000) } };
  for (let n = 0; n < most; n++) {
    await expect(agent.sendMessage(tooMuch)).rejects.toMatchObject({ code: 'content_too_large' });
  }
  await agent.sendMessage({ to: carol.pubkey, content: 'hello' });
});
