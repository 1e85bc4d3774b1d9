import { actor, createSeededRandom } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createWasmEngine } from '../../src/adapters/crypto/wasm-engine.ts';
import { createIdentity } from '../../src/core/identity/identity.ts';
import { modern } from '../support/fake-peer.ts';
import { seededChance } from '../support/seed.ts';
import { createTestMesh, type TestAgent } from '../support/test-agent.ts';
import { watchProcess } from '../support/watch-process.ts';

// Replays the same events from every relay and after restarts: each has its effect once.

const REPLAYS = Number(process.env['SOAK_REPLAYS'] ?? 10_000);
const MESSAGES = 20;
const AT_ONCE = 500;
const RESTARTS = 4;
const DAY_MS = 86_400_000;

test(`${REPLAYS} replays: nothing arrives twice`, { timeout: 3_600_000 }, async () => {
  const chance = seededChance('replays');
  const watch = watchProcess('replays');
  const world = createTestMesh('wss://one.test', 'wss://two.test', 'wss://three.test');
  let testAgent = await world.start();
  const bob = world.fakePeer('bob');
  const deps = { engine: createWasmEngine(), random: createSeededRandom(7), clock: world.clock };
  const carol = createIdentity(deps, actor('carol').secretKey);
  const nowSec = Math.floor(world.clock.now() / 1000);
  const texts = Array.from({ length: MESSAGES }, (_, index) => `message ${index}`);
  const events = [
    bob.presence({ features: modern }),
    bob.dm(testAgent.pubkey, { type: 'intro', name: 'Bob', features: modern, v: '0.3.0' }),
    ...texts.map((body, index) =>
      bob.dm(testAgent.pubkey, { type: 'text', body, mid: `mid-of-bob-${index}` }),
    ),
    ...texts.map((text) => bob.dm(testAgent.pubkey, text, { created_at: nowSec - 60 })),
    ...texts.map((text) => carol.sealDm(testAgent.pubkey, text, nowSec, 'nip17').event),
  ];

  const received: string[] = [];
  function follow(agent: TestAgent): void {
    const leaving = new AbortController();
    void (async () => {
      for await (const item of agent.followEvents({ types: 'message.received' }, { signal: leaving.signal }))
        if (item.event === 'message.received') received.push((item.data as { id: string }).id);
    })();
  }

  async function push(count: number): Promise<void> {
    for (let pushed = 0; pushed < count; pushed += AT_ONCE) {
      for (let index = 0; index < AT_ONCE; index++) chance.pick(world.mesh.relays).push(chance.pick(events));
      for (let turn = 0; turn < AT_ONCE / 10; turn++) await world.clock.advance(0);
    }
  }

  follow(testAgent);
  for (const event of events) world.relay.push(event);
  for (let turn = 0; turn < 20; turn++) await world.clock.advance(0);
  const [before, peers] = [await testAgent.inbox(), await testAgent.peers()];
  expect(before).toHaveLength(3 * MESSAGES);
  await watch.begin();
  for (let run = 0; run < RESTARTS; run++) {
    await push(REPLAYS / RESTARTS);
    // The cursors are those of the run.
    expect((await testAgent.inbox()).map(({ cursor: _, ...message }) => message)).toEqual(
      before.map(({ cursor: _, ...message }) => message),
    );
    // Restarts by a kill or a stop; also a day later.
    const isKilled = run % 2 === 0;
    if (!isKilled) await testAgent.stop();
    const disk = isKilled ? await testAgent.crash() : testAgent.disk;
    await world.clock.advance(run === 1 ? DAY_MS : 0);
    testAgent = await world.start({ disk });
    follow(testAgent);
  }
  await push(AT_ONCE);
  expect((await testAgent.inbox()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  expect((await testAgent.peers()).map(({ pubkey }) => pubkey).sort()).toEqual(
    peers.map(({ pubkey }) => pubkey).sort(),
  );
  expect(received.sort()).toEqual(before.map(({ id }) => id).sort());
  await watch.expectUnharmed();
});
