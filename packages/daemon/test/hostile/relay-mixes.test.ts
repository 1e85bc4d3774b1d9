import type { HostileRelayName, Tuning } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { createSocketMesh, type SocketAgent, type SocketMesh } from '../support/socket-mesh.ts';

/** Messages of the longest run; the others send a part of them. */
const MESSAGES = Number(process.env['SOAK_MIX_MESSAGES'] ?? 100);
const isSoak = process.env['SOAK_MIX_MESSAGES'] !== undefined;
const MINUTE = 60_000;
/** Step of the fake clock in which a relay has time to respond. */
const STEP_MS = 250;
/** Time until the last message is there: what a relay lost is offered again after minutes. */
const SETTLE_MS = 40 * MINUTE;

/** Relays that lie about what they accept, or refuse it. */
const liars: readonly HostileRelayName[] = [
  'ok-but-drops',
  'drops-gift-wraps',
  'never-forwards',
  'forwards-only',
  'keeps-a-minute',
  'refuses-old-dates',
  'refuses-all-but-now',
  'lies-to-some',
];
/** Of these, the ones that keep nothing for a peer that is offline. */
const droppers = liars.filter(
  (name) => !['never-forwards', 'refuses-old-dates', 'refuses-all-but-now'].includes(name),
);
/** Ways of honest relay software, and what else differs from ours. */
const ways: readonly HostileRelayName[] = [
  'nostr-rs-relay',
  'nostr-rs-relay-dms',
  'khatru',
  'limit-zero-unlimited',
  'refuses-limit-zero',
  'oldest-first',
  'ignores-until',
  'small-pages',
  'eose-first',
  'ok-as-text',
  'false-duplicate',
];

interface Sent {
  readonly id: string;
  readonly from: SocketAgent;
  readonly to: SocketAgent;
}

/** Starts two agents that know each other from before, on relays that are made for them. */
async function startKnown(
  mesh: SocketMesh,
  makeRelays: (keys: readonly string[]) => Promise<{ url: string }[]>,
) {
  const meeting = await mesh.startHonest();
  const met = await mesh.startPair(meeting);
  await Promise.all([met.alice.stop(), met.bob.stop()]);
  const relays = await makeRelays([met.alice.pubkey, met.bob.pubkey]);
  const alice = await mesh.startAgentOn('alice', relays, met.alice.disk);
  const bob = await mesh.startAgentOn('bob', relays, met.bob.disk);
  const sent: Sent[] = [];

  async function send(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      const [from, to] = sent.length % 2 === 0 ? [alice, bob] : [bob, alice];
      // As the owner: the loop guard would pause two programs that write this often.
      const { id } = await from.sendMessage(
        { to: to.pubkey, content: `message ${sent.length}` },
        { owner: true },
      );
      sent.push({ id, from, to });
      if (n % 10 === 9) await mesh.pass(STEP_MS);
    }
  }

  /** Returns the messages by delivery state, after a check that those shown as delivered are. */
  async function states(): Promise<ReadonlyMap<string, readonly Sent[]>> {
    const found = new Map<string, Sent[]>();
    for (const [from, to] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const arrived = new Set((await to.inbox()).map(({ id }) => id));
      const { items } = await from.listMessages({ direction: 'out', limit: 1000 });
      const stateOf = new Map(items.map(({ id, delivery }) => [id, delivery.state]));
      for (const one of sent.filter((each) => each.from === from)) {
        const state = stateOf.get(one.id) ?? 'unknown';
        if (state === 'delivered' || state === 'read')
          expect([one.id, arrived.has(one.id)]).toEqual([one.id, true]);
        found.set(state, [...(found.get(state) ?? []), one]);
      }
    }
    return found;
  }

  async function untilDelivered(withinMs: number): Promise<void> {
    const isDelivered = async () => expect([...(await states()).keys()]).toEqual(['delivered']);
    await mesh.until(isDelivered, withinMs, 4 * STEP_MS);
    for (const agent of [alice, bob]) {
      const expected = sent.filter(({ to }) => to === agent).map(({ id }) => id);
      const received = (await agent.inbox())
        .filter(({ direction }) => direction === 'in')
        .map(({ id }) => id);
      expect([...received].sort()).toEqual([...expected].sort());
    }
  }
  return { alice, bob, relays, send, states, untilDelivered };
}

const startAll = (mesh: SocketMesh, names: readonly HostileRelayName[], tuning: Partial<Tuning>) =>
  Promise.all(names.map((name) => mesh.startHostile(name, tuning)));

/** Sends messages over honest relays and these. */
async function carry(names: readonly HostileRelayName[], honest: number, messages: number): Promise<void> {
  const mesh = await createSocketMesh();
  const { send, untilDelivered } = await startKnown(mesh, async (liesTo) => [
    ...(await startAll(mesh, names, { liesTo })),
    ...(await Promise.all(Array.from({ length: honest }, mesh.startHonest))),
  ]);
  // Some before the first tests of the relays, some after.
  await send(messages / 2);
  await mesh.pass(2 * MINUTE, 4 * STEP_MS);
  await send(messages / 2);
  await untilDelivered(SETTLE_MS);
}

test(`${MESSAGES} messages over five relays of which two lie: none is lost, and none called delivered that is not`, () =>
  carry(['ok-but-drops', 'drops-gift-wraps'], 3, MESSAGES));

describe('one honest relay is enough', () => {
  const pairs = liars.flatMap((one, n) => liars.slice(n + 1).map((other) => [one, other] as const));
  const tried = isSoak ? pairs : pairs.filter((_, n) => n % 7 === 0);
  test.each(tried)('among %s and %s', (one, other) => carry([one, other], 1, isSoak ? MESSAGES : 10));
});

describe('software that does things its own way', () => {
  test.each(isSoak ? ways : ways.slice(0, 3))('%s alone', (name) => carry([name], 0, isSoak ? MESSAGES : 10));
  test('all of them', () => carry(ways, 0, isSoak ? MESSAGES : 10));
});

describe('liars alone', () => {
  const mixes = isSoak
    ? droppers.map((name, n) => [name, droppers[(n + 1) % droppers.length] as HostileRelayName])
    : [['ok-but-drops', 'lies-to-some'] as HostileRelayName[]];
  test.each(mixes)(
    '%s and %s: never healthy after the first check, each message queued with the reason',
    async (...names) => {
      const mesh = await createSocketMesh();
      const { alice, bob, send, states, untilDelivered } = await startKnown(mesh, (liesTo) =>
        startAll(mesh, names as HostileRelayName[], { liesTo }),
      );
      await send(MESSAGES / 10);
      await mesh.pass(2 * MINUTE, 4 * STEP_MS);
      await send(MESSAGES / 10);
      for (let minute = 0; minute < 10; minute++) {
        await mesh.pass(MINUTE, 4 * STEP_MS);
        for (const agent of [alice, bob]) {
          expect((await agent.getStatus({})).reasons.map(({ code }) => code)).toContain('no_keeping_relay');
        }
        const found = await states();
        // Some liars forward what they do not keep.
        expect([...found.keys()].filter((state) => state !== 'delivered' && state !== 'queued')).toEqual([]);
        for (const { from, id } of found.get('queued') ?? []) {
          const { relays } = (await from.getMessage({ id })).delivery;
          expect(relays.map(({ outcome, reason }) => [outcome, reason])).toContainEqual([
            'dropped',
            expect.stringContaining('drops'),
          ]);
        }
      }
      const honest = await mesh.startHonest();
      for (const agent of [alice, bob]) await agent.addRelay({ url: honest.url });
      await untilDelivered(MINUTE);
    },
  );
});
