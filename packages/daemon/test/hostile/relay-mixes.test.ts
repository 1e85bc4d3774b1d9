import type { HostileRelay, HostileRelayName } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { createSocketMesh, type SocketAgent, type SocketMesh } from '../support/socket-mesh.ts';

const isSoak = process.env['SOAK_MIX_MESSAGES'] !== undefined;
const MESSAGES = Number(process.env['SOAK_MIX_MESSAGES'] ?? 100);
/** Messages of the other runs. */
const FEW = isSoak ? MESSAGES : 12;
const MINUTE = 60_000;
/** Step of the fake clock in which a relay has time to respond, and the one in which time passes. */
const STEP_MS = 250;
const STRIDE_MS = 1_000;
/** Time until the last message is there: a message that a relay withholds comes with a repeat, after up to 3 hours. */
const SETTLE_MS = 240 * MINUTE;

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
const droppers: readonly HostileRelayName[] = [
  'ok-but-drops',
  'drops-gift-wraps',
  'forwards-only',
  'keeps-a-minute',
  'lies-to-some',
];
/** Ways of honest relay software. */
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

const names = ['alice', 'bob'] as const;
type Name = (typeof names)[number];
const otherOf = (name: Name): Name => (name === 'alice' ? 'bob' : 'alice');

interface Mix {
  readonly hostile: readonly HostileRelayName[];
  readonly honest: number;
}

/** Two agents that know each other from before, on other relays now. `lies-to-some` lies to both of them. */
async function startMix(mesh: SocketMesh, { hostile, honest }: Mix) {
  const met = await mesh.startPair(await mesh.startHonest());
  await Promise.all([met.alice.stop(), met.bob.stop()]);
  const liesTo = [met.alice.pubkey, met.bob.pubkey];
  const liars = await Promise.all(hostile.map((name) => mesh.startHostile(name, { liesTo })));
  const relays: { readonly url: string }[] = [...liars];
  for (let n = 0; n < honest; n++) relays.push(await mesh.startHonest());
  const agents = new Map<Name, SocketAgent>();
  /** What those that are stopped had received. */
  const away = new Map<Name, readonly string[]>();
  const start = async (name: Name): Promise<void> => {
    const { disk } = agents.get(name) ?? met[name];
    agents.set(name, await mesh.startAgentOn(name, relays, disk));
    away.delete(name);
  };
  for (const name of names) await start(name);
  const agent = (name: Name): SocketAgent => agents.get(name) as SocketAgent;
  const sent: { readonly id: string; readonly from: Name }[] = [];

  async function send(count: number, from?: Name): Promise<void> {
    for (let n = 0; n < count; n++) {
      const sender = from ?? (names[n % 2] as Name);
      const message = { to: met[otherOf(sender)].pubkey, content: `message ${sent.length}` };
      // As the owner: the loop guard would pause two programs that write this often.
      const { id } = await agent(sender).sendMessage(message, { owner: true });
      sent.push({ id, from: sender });
      if (n % 10 === 9) await mesh.pass(STEP_MS);
    }
  }

  async function arrivedAt(name: Name): Promise<readonly string[]> {
    const left = away.get(name);
    return (
      left ?? (await agent(name).inbox()).filter(({ direction }) => direction === 'in').map(({ id }) => id)
    );
  }

  async function stop(name: Name): Promise<void> {
    away.set(name, await arrivedAt(name));
    await agent(name).stop();
  }

  /** Returns the ids of this agent's messages by delivery state, after a check that those called delivered are. */
  async function states(from: Name): Promise<ReadonlyMap<string, readonly string[]>> {
    const arrived = await arrivedAt(otherOf(from));
    const { items } = await agent(from).listMessages({ direction: 'out', limit: 1000 });
    const ids = (isMeant: (state: string) => boolean) =>
      items.filter(({ delivery }) => isMeant(delivery.state)).map(({ id }) => id);
    const delivered = ids((state) => state === 'delivered' || state === 'read');
    expect(delivered.filter((id) => !arrived.includes(id))).toEqual([]);
    return new Map([
      ['delivered', delivered],
      ['queued', ids((state) => state === 'queued')],
      ['published', ids((state) => state === 'published')],
    ]);
  }

  async function untilDelivered(withinMs: number): Promise<void> {
    await mesh.until(
      async () => {
        for (const from of names) {
          const ids = sent.filter((one) => one.from === from).map(({ id }) => id);
          expect([...((await states(from)).get('delivered') ?? [])].sort()).toEqual(ids.sort());
        }
      },
      withinMs,
      withinMs > MINUTE ? mesh.strideMs : STRIDE_MS,
    );
    for (const to of names) {
      const ids = sent.filter(({ from }) => from !== to).map(({ id }) => id);
      expect([...(await arrivedAt(to))].sort()).toEqual(ids.sort());
    }
  }

  return { liars, relays, agent, start, stop, send, states, untilDelivered };
}

const behave = (relays: readonly HostileRelay[], isHonest: boolean): void => {
  for (const relay of relays) relay.behave(isHonest);
};

/** Sends messages before and after the first tests of the relays, before and after they begin to lie, and to a peer that is away. */
async function carry(mix: Mix, messages: number): Promise<void> {
  const mesh = await createSocketMesh();
  const { liars, start, stop, send, states, untilDelivered } = await startMix(mesh, mix);
  const part = Math.ceil(messages / 4);
  await send(part);
  await mesh.pass(2 * MINUTE, STRIDE_MS);
  behave(liars, true);
  await send(part);
  await mesh.pass(2 * MINUTE, STRIDE_MS);
  behave(liars, false);
  await send(part);
  await mesh.pass(MINUTE, STRIDE_MS);
  await stop('bob');
  await send(messages - 3 * part, 'alice');
  await mesh.pass(5 * MINUTE, STRIDE_MS);
  await states('alice');
  await start('bob');
  await untilDelivered(SETTLE_MS);
}

test(`${MESSAGES} messages over five relays of which two lie: none is lost, none called delivered that is not`, () =>
  carry({ hostile: ['ok-but-drops', 'drops-gift-wraps'], honest: 3 }, MESSAGES));

describe('one honest relay is enough', () => {
  const pairs = liars.flatMap((one, n) => liars.slice(n + 1).map((other) => [one, other] as const));
  test.each(isSoak ? pairs : [])('next to %s and %s', (...hostile) => carry({ hostile, honest: 1 }, FEW));
  test('next to all eight liars', () => carry({ hostile: liars, honest: 1 }, FEW));
});

describe('relay software with ways of its own', () => {
  test.each(isSoak ? ways : [])('%s alone', (name) => carry({ hostile: [name], honest: 0 }, FEW));
  test('all of them', () => carry({ hostile: ways, honest: 0 }, FEW));
});

describe('liars alone', () => {
  const pairs = droppers.flatMap((one, n) => droppers.slice(n + 1).map((other) => [one, other]));
  test.each(isSoak ? pairs : [droppers])(
    '%s, %s: never healthy after the first check, each message queued with the reason',
    async (...hostile) => {
      const mesh = await createSocketMesh();
      const mix = await startMix(mesh, { hostile: hostile as HostileRelayName[], honest: 0 });
      const { agent, relays, start, stop, send, states, untilDelivered } = mix;
      await send(FEW / 2);
      await mesh.pass(2 * MINUTE, STRIDE_MS);
      await stop('bob');
      await send(FEW / 2, 'alice');
      for (let minute = 0; minute < 10; minute++) {
        await mesh.pass(MINUTE, STRIDE_MS);
        const { reasons } = await agent('alice').getStatus({});
        expect(reasons.map(({ code }) => code)).toContain('no_keeping_relay');
        const found = await states('alice');
        expect(found.get('published')).toEqual([]);
        for (const id of found.get('queued') ?? []) {
          const { delivery } = await agent('alice').getMessage({ id });
          expect(delivery.kept_by).toBe(0);
          expect(delivery.relays.map(({ outcome }) => outcome)).toContain('dropped');
        }
      }
      const honest = await mesh.startHonest();
      relays.push(honest);
      await start('bob');
      await agent('alice').addRelay({ url: honest.url });
      await untilDelivered(MINUTE);
    },
  );
});
