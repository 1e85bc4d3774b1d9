import { once } from 'node:events';
import type { NostrEvent } from '@ocmesh/shared/wire';
import type { HostileRelayName } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createFakePeer } from '../support/fake-peer.ts';
import { createSocketMesh, type SocketMesh, send } from '../support/socket-mesh.ts';

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

test('EOSE first, events behind it: the relay passes its tests', async () => {
  const mesh = await createSocketMesh();
  const relay = await mesh.startHostile('eose-first');
  const { alice } = await mesh.startPair(relay);
  await mesh.pass(100_000, 250);
  expect(await alice.relay(relay.url)).toMatchObject({
    keeps: { answer: 'yes' },
    forwards: { answer: 'yes' },
    keeps_presence: { answer: 'yes' },
  });
  expect(await alice.refused()).toEqual({});
  expect(await alice.inbox()).toEqual([]);
});

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

/** Publishes events over a plain connection. */
async function publish(url: string, events: readonly NostrEvent[]): Promise<void> {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  let oks = 0;
  const isDone = new Promise<void>((resolve) => {
    socket.on('message', () => {
      if (++oks === events.length) resolve();
    });
  });
  for (const event of events) socket.send(JSON.stringify(['EVENT', event]));
  await isDone;
  socket.close();
}

test('events by others that are too large for us cost no relay anything, and hide no message', async () => {
  const mesh = await createSocketMesh();
  const relays = [await mesh.startHostile('small-pages'), await mesh.startHostile('small-pages')];
  const mallory = createFakePeer('mallory', mesh.clock);
  const tags = Array.from({ length: 101 }, () => ['x']);
  const { alice, bob } = await mesh.startPair(...relays);
  await bob.stop();
  await alice.sendMessage({ to: bob.pubkey, content: 'older' });
  await mesh.pass(2_000, 250);
  for (const { url } of relays) {
    await publish(url, [
      ...[300_000, 1_500_000].map((bytes) =>
        mallory.sign({
          kind: 4,
          tags: [['p', bob.pubkey]],
          content: 'x'.repeat(bytes),
          created_at: nowSec(mesh),
        }),
      ),
      mallory.sign({ kind: 1, tags: [['t', 'ocmesh']], content: 'x'.repeat(300_000) }),
      ...Array.from({ length: 60 }, (_, n) =>
        mallory.sign({ kind: 1, tags: [['t', 'ocmesh'], ...tags], content: `note ${n}` }),
      ),
      ...Array.from({ length: 60 }, (_, n) =>
        mallory.sign({ kind: 4, tags: [['p', bob.pubkey], ...tags], content: `dm ${n}` }),
      ),
    ]);
  }
  const again = await mesh.startAgentOn('bob', relays, bob.disk);
  await mesh.until(async () =>
    expect((await again.inbox()).map(({ content }) => content)).toContain('older'),
  );
  await mesh.pass(180_000, mesh.strideMs);
  for (const agent of [alice, again]) {
    for (const relay of await agent.listRelays({}))
      expect(relay).toMatchObject({ state: 'connected', carries_dms: true });
    expect((await agent.getStatus({})).reasons).toEqual([]);
  }
  const refused = await again.refused();
  expect(refused).toMatchObject({ too_large: expect.any(Number), frame_too_large: expect.any(Number) });
  for (const relay of relays) expect(relay.connections()).toBeLessThan(10);
});

const nowSec = (mesh: SocketMesh): number => Math.floor(mesh.clock.now() / 1000);
