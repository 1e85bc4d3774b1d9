import { expect, test } from 'vitest';
import { readEvents } from './support/event-reader.ts';
import { copyDisk } from './support/memory-store.ts';
import { createTestMesh, settle, type TestAgent, type TestMesh } from './support/test-agent.ts';

const unknown = expect.objectContaining({ code: 'cursor_unknown' });

/** Sends these messages to the agent, which has `bob` as a contact. */
async function push(world: TestMesh, agent: TestAgent, ...texts: string[]): Promise<void> {
  world.relay.push(...texts.map((text) => world.fakePeer('bob').dm(agent.pubkey, text)));
  await settle(world.clock);
}

/** One cursor of each list, behind the newest message. */
async function cursorsOf(world: TestMesh, agent: TestAgent) {
  world.relay.push(world.fakePeer('carol').presence());
  const reader = readEvents(agent);
  await settle(world.clock);
  await reader.leave();
  return {
    wait: (await agent.waitForMessages({ after: '0' })).cursor,
    unread: (await agent.listMessages({ unread: true, order: 'desc', limit: 1 })).next_cursor as string,
    listed: (await agent.listMessages({ limit: 1 })).next_cursor as string,
    peers: (await agent.listPeers({ limit: 1 })).next_cursor as string,
    events: reader.position(),
  };
}

/** Expects that each of these cursors is an error, and that the event stream begins anew. */
async function expectUnknown(
  world: TestMesh,
  agent: TestAgent,
  cursors: Awaited<ReturnType<typeof cursorsOf>>,
) {
  await expect(agent.waitForMessages({ after: cursors.wait })).rejects.toEqual(unknown);
  await expect(agent.listMessages({ after: cursors.wait })).rejects.toEqual(unknown);
  await expect(agent.listMessages({ unread: true, cursor: cursors.unread })).rejects.toEqual(unknown);
  await expect(agent.listMessages({ cursor: cursors.listed })).rejects.toEqual(unknown);
  await expect(agent.listPeers({ cursor: cursors.peers })).rejects.toEqual(unknown);
  const reader = readEvents(agent, { last_event_id: cursors.events });
  await settle(world.clock);
  expect(reader.fresh()).toEqual(['reset']);
}

test('cursors of an older state of the home that was put back are refused, also once there are as many messages', async () => {
  const world = createTestMesh();
  const agent = await world.start({ seed: 1 });
  await push(world, agent, 'one', 'two');
  const older = copyDisk(agent.disk);
  await push(world, agent, 'three', 'four', 'five');
  const cursors = await cursorsOf(world, agent);
  await agent.stop();

  // Its relay forgot what it had, so the next messages get the same positions.
  world.relay.stored.splice(0);
  const again = await world.start({ disk: older, seed: 2 });
  await expectUnknown(world, again, cursors);
  await push(world, again, 'six', 'seven', 'eight', 'nine');
  expect((await again.inbox()).length).toBeGreaterThan(5);
  await expectUnknown(world, again, cursors);
});

test('cursors of another home are refused', async () => {
  const world = createTestMesh();
  const one = await world.start();
  const other = await world.start();
  await push(world, one, 'one', 'two');
  await push(world, other, 'one', 'two', 'three');
  await expectUnknown(world, other, await cursorsOf(world, one));
});

test('positions work over restarts, places in the list of peers do not', async () => {
  const world = createTestMesh();
  const agent = await world.start({ seed: 1 });
  await push(world, agent, 'one', 'two');
  const cursors = await cursorsOf(world, agent);
  await agent.stop();
  const between = await world.start({ disk: agent.disk, seed: 2 });
  await between.stop();
  const again = await world.start({ disk: agent.disk, seed: 3 });
  await push(world, again, 'three');
  const textsOf = (items: readonly { content: string }[]) => items.map(({ content }) => content);
  expect(textsOf((await again.waitForMessages({ after: cursors.wait })).messages)).toEqual(['three']);
  expect(textsOf((await again.listMessages({ after: cursors.wait })).items)).toEqual(['three']);
  expect(textsOf((await again.listMessages({ cursor: cursors.listed })).items)).toEqual(['one']);
  await expect(again.listPeers({ cursor: cursors.peers })).rejects.toEqual(unknown);
});

test('a cursor that was altered, or is used in another list, is an error', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  await push(world, agent, 'one', 'two');
  const { wait, listed, unread } = await cursorsOf(world, agent);
  await expect(agent.waitForMessages({ after: wait.replace('2-', '3-') })).rejects.toEqual(unknown);
  await expect(agent.waitForMessages({ after: '2' })).rejects.toEqual(unknown);
  await expect(agent.waitForMessages({ after: `2-${'0'.repeat(8)}` })).rejects.toEqual(unknown);
  await expect(agent.listMessages({ cursor: listed.replace(/^2/, '9') })).rejects.toEqual(unknown);
  const otherList = expect.objectContaining({ code: 'invalid_request', problem: 'page_unknown' });
  await expect(agent.listMessages({ cursor: unread })).rejects.toEqual(otherList);
  await expect(agent.listMessages({ unread: true, cursor: listed })).rejects.toEqual(otherList);
});

test('plain cursors of an earlier version work in its home, up to where it came', async () => {
  const world = createTestMesh();
  const agent = await world.start({ seed: 1 });
  await push(world, agent, 'one', 'two', 'three');
  await agent.store.transaction(({ meta }) => meta.set('cursor_runs', '[["",1]]'));
  await agent.stop();
  const again = await world.start({ disk: agent.disk, seed: 2 });
  expect((await again.waitForMessages({ after: '2' })).messages).toMatchObject([{ content: 'three' }]);
  expect((await again.listMessages({ cursor: '2' })).items).toMatchObject([{ content: 'one' }]);
  await push(world, again, 'four', 'five');
  await expect(again.waitForMessages({ after: '4' })).rejects.toEqual(unknown);
});
