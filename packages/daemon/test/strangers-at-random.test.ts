import type { NostrEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { trustLimits } from '../src/core/trust/limits.ts';
import { modern } from './support/fake-peer.ts';
import { type createChance, seededChance } from './support/seed.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

const STRANGERS = 6;

/** Messages that were never refused arrive once, whatever the owner decides and however often the daemon crashes. */
async function run(chance: ReturnType<typeof createChance>): Promise<void> {
  const world = createTestMesh('ws://127.0.0.1:1');
  let agent = await world.start();
  const strangers = Array.from({ length: STRANGERS }, (_, n) => ({
    fakePeer: world.fakePeer(`stranger ${n}`),
    bodies: [] as string[],
  }));
  const sent: NostrEvent[] = [];
  const send = (...events: NostrEvent[]): void => {
    sent.push(...events);
    world.relay.keep(...events);
    if (chance.happens(0.8)) world.relay.push(...events);
  };
  const message = (who: (typeof strangers)[number], body: string): NostrEvent =>
    who.fakePeer.dm(agent.pubkey, { type: 'text', body, mid: `message-${body.replace(' ', '-')}` });
  for (let step = 0; step < 60; step++) {
    const who = chance.pick(strangers);
    const { pubkey } = who.fakePeer;
    switch (chance.below(9)) {
      case 0:
      case 1:
      case 2: {
        if (who.bodies.length >= trustLimits.held.messages) break;
        const body = `${pubkey.slice(0, 6)} ${who.bodies.length}`;
        who.bodies.push(body);
        send(message(who, body));
        break;
      }
      case 3:
        if (who.bodies.length > 0) send(message(who, chance.pick(who.bodies)));
        break;
      case 4:
        if (sent.length > 0) world.relay.push(chance.pick(sent));
        break;
      case 5:
        world.relay.push(who.fakePeer.presence({ features: modern }));
        break;
      case 6:
        void agent.setPolicy({ strangers: chance.pick(['open', 'ask']) }).catch(() => {});
        break;
      case 7:
        void agent.answerRequest({ pubkey, accept: true }).catch(() => {});
        break;
      case 8:
        agent = await world.start({ disk: await agent.crash() });
        break;
    }
    if (chance.happens(0.5)) await world.clock.advance(chance.below(3_000));
  }
  await settle(world.clock);
  await agent.setPolicy({ strangers: 'open' });
  agent = await world.start({ disk: await agent.crash() });
  await world.clock.advance(60_000);
  const inbox = (await agent.inbox()).map(({ content }) => content);
  expect([...inbox].sort()).toEqual(strangers.flatMap(({ bodies }) => bodies).sort());
  expect(await agent.listRequests({})).toEqual([]);
}

test('each message arrives once, whatever the owner decides meanwhile and however often the daemon crashes', async () => {
  const chance = seededChance('strangers at random');
  for (let round = 0; round < 10; round++) await run(chance);
});
