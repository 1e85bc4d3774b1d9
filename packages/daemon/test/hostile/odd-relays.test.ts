import type { HostileRelayName } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createSocketMesh, send } from '../support/socket-mesh.ts';

/** Honest relays with their own ways, each alone: every message has to come through it, also those it kept. */
const ways: [
  HostileRelayName,
  Parameters<Awaited<ReturnType<typeof createSocketMesh>>['startHostile']>[1]?,
][] = [
  ['limit-zero-unlimited'],
  ['refuses-limit-zero'],
  ['oldest-first', { pageCap: 5 }],
  ['small-pages', { pageCap: 5 }],
  ['eose-first'],
  ['slow-to-answer', { answersAfterMs: 6_000 }],
  ['closes-duplicates', { answersAfterMs: 6_000 }],
  ['few-subscriptions', { maxSubscriptions: 1 }],
  ['few-subscriptions', { maxSubscriptions: 2 }],
  ['nostr-rs-relay'],
  ['nostr-rs-relay-dms'],
  ['khatru'],
];

test.each(ways)(
  '%s %j: messages arrive live and after an absence, and the status is good',
  async (name, tuning) => {
    const mesh = await createSocketMesh();
    const relay = await mesh.startHostile(name, tuning ?? {});
    const [alice, bob] = [await mesh.startAgentOn('alice', [relay]), await mesh.startAgentOn('bob', [relay])];
    await mesh.until(async () => expect(await alice.peers()).toMatchObject([{ name: 'bob' }]), 120_000, 250);
    await mesh.until(async () => expect((await bob.getStatus({})).reasons).toEqual([]), 120_000, 250);
    await send(mesh, alice, bob, 'live 1', 'live 2');
    await bob.stop();
    for (let n = 0; n < 12; n++) {
      await alice.sendMessage({ to: bob.pubkey, content: `kept ${n}` });
      await mesh.pass(1_000, 250);
    }
    const again = await mesh.startAgentOn('bob', [relay], bob.disk);
    await mesh.until(
      async () => {
        const contents = (await again.inbox())
          .filter(({ direction }) => direction === 'in')
          .map(({ content }) => content);
        expect(new Set(contents).size).toBe(contents.length);
        expect(contents).toHaveLength(14);
      },
      120_000,
      250,
    );
  },
);
