import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { accept, reject } from './support/memory-relay-network.ts';
import { createTestMesh, settle, startTwo, type TestAgent, type TestMesh } from './support/test-agent.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const slowDown = () => reject('rate-limited: slow down');

/** Sets the machine's clock. The relays' clocks are right, and seem to move the other way. */
function setClock(world: TestMesh, ms: number): void {
  world.clock.jump(ms);
  for (const relay of world.mesh.relays) relay.clockOffsetMs = (relay.clockOffsetMs ?? 0) - ms;
}

const trueSec = (world: TestMesh): number =>
  Math.floor((world.clock.now() + (world.relay.clockOffsetMs ?? 0)) / 1000);

/** Time passes while the machine sleeps or is off: all clocks show it. */
const sleep = (world: TestMesh, ms: number): void => world.clock.jump(ms);

interface Options {
  /** How far the machine's clock is off at first. */
  readonly offMs?: number;
  readonly features?: readonly string[];
  readonly config?: object;
}

/** Starts an agent that knows bob; the relay's clock is right. */
async function startWithBob({ offMs = 0, features = modern, config = {} }: Options = {}) {
  const world = createTestMesh('wss://one.test');
  world.relay.clockOffsetMs = 0;
  setClock(world, offMs);
  const agent = await world.start({ config });
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features, createdAtSec: trueSec(world) }));
  await world.clock.advance(60_000);
  const stateOf = async (id: string, of: TestAgent = agent) => (await of.getMessage({ id })).delivery.state;
  return { world, agent, bob, stateOf };
}

const restart = async (world: TestMesh, agent: TestAgent, ms: number, change = setClock, up = true) => {
  await agent.stop();
  change(world, ms);
  return world.start({ disk: agent.disk, up });
};

const dayOf = (ms: number) => Math.round(ms / DAY);

test('a message that relays delay while the clock is a month behind outlives its correction', async () => {
  const { world, agent, bob, stateOf } = await startWithBob({ offMs: -30 * DAY });
  world.relay.onPublish = slowDown;
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(5_000);
  setClock(world, 30 * DAY);
  await world.clock.advance(HOUR);
  expect(await stateOf(id)).toBe('queued');
  world.relay.onPublish = () => accept;
  await world.clock.advance(HOUR);
  expect(await stateOf(id)).toBe('published');
});

test.each([
  ['that tell the time', 0],
  ['that do not', null],
])('a restart with the clock 20 days ahead expires nothing, with relays %s', async (_, clockOffsetMs) => {
  const { world, agent, bob, stateOf } = await startWithBob();
  world.relay.clockOffsetMs = clockOffsetMs;
  agent.network.disconnect();
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  const again = await restart(world, agent, 20 * DAY, clockOffsetMs === null ? sleep : setClock, false);
  await world.clock.advance(HOUR);
  expect(await stateOf(id, again)).toBe('queued');
  again.network.connect();
  await world.clock.advance(60_000);
  expect(await stateOf(id, again)).toBe('published');
});

test('a restart from a clock that was a month behind keeps what it had queued', async () => {
  const { world, agent, bob, stateOf } = await startWithBob({ offMs: -30 * DAY });
  agent.network.disconnect();
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x', expires_in_s: 3_600 });
  world.relay.onPublish = slowDown;
  const again = await restart(world, agent, 30 * DAY);
  await world.clock.advance(HOUR - 60_000);
  expect(await stateOf(id, again)).toBe('queued');
  await world.clock.advance(120_000);
  expect(await stateOf(id, again)).toBe('expired');
});

test('a message sent while the clock was ahead expires after its own lifetime, not a month later', async () => {
  const { world, agent, bob, stateOf } = await startWithBob({ offMs: 30 * DAY });
  world.relay.onPublish = slowDown;
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x', expires_in_s: 3_600 });
  setClock(world, -30 * DAY);
  await world.clock.advance(HOUR - 60_000);
  expect(await stateOf(id)).toBe('queued');
  await world.clock.advance(120_000);
  expect(await stateOf(id)).toBe('expired');
});

test('time that a machine was off counts once relays confirm it, but not for what was sent since', async () => {
  const { world, agent, bob, stateOf } = await startWithBob();
  agent.network.disconnect();
  const { id: old } = await agent.sendMessage({ to: bob.pubkey, content: 'old' });
  await world.clock.advance(1_000);
  const again = await restart(world, agent, 8 * DAY, sleep, false);
  const { id: fresh } = await again.sendMessage({ to: bob.pubkey, content: 'new', expires_in_s: 3_600 });
  await world.clock.advance(1_000);
  expect(await stateOf(old, again)).toBe('queued');
  world.relay.onPublish = slowDown;
  again.network.connect();
  await world.clock.advance(60_000);
  expect([await stateOf(old, again), await stateOf(fresh, again)]).toEqual(['expired', 'queued']);
  await world.clock.advance(HOUR);
  expect(await stateOf(fresh, again)).toBe('expired');
});

test('the time on a boot with a wrong clock is not lost to the next one', async () => {
  const { world, agent, bob, stateOf } = await startWithBob();
  agent.network.disconnect();
  // Off for a day, and then the battery of the clock is empty.
  sleep(world, DAY);
  const second = await restart(world, agent, -30 * DAY, setClock, false);
  const { id } = await second.sendMessage({ to: bob.pubkey, content: 'x', expires_in_s: 7_200 });
  await world.clock.advance(HOUR);
  world.relay.onPublish = slowDown;
  const third = await restart(world, second, 30 * DAY);
  await world.clock.advance(HOUR - 60_000);
  expect(await stateOf(id, third)).toBe('queued');
});

test.each([
  [['messaging', 'query', 'receipts', 'envelope'], kinds.encryptedDm],
  [['messaging', 'query', 'receipts', 'envelope', 'nip17'], kinds.giftWrap],
  [['nip17'], kinds.giftWrap],
  [['messaging'], kinds.encryptedDm],
])(
  'a message signed a month behind to a peer with %j is published with a date of today',
  async (features, kind) => {
    const { world, agent, bob, stateOf } = await startWithBob({ offMs: -30 * DAY, features });
    agent.network.disconnect();
    world.relay.offered.length = 0;
    const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
    setClock(world, 30 * DAY);
    await world.clock.advance(60_000);
    agent.network.connect();
    await settle(world.clock);
    const sent = world.relay.offered.filter((event) => event.kind === kind);
    expect(sent).toHaveLength(1);
    const ageMs = world.clock.now() - (sent[0]?.created_at ?? 0) * 1000;
    expect(ageMs).toBeGreaterThanOrEqual(0);
    expect(ageMs).toBeLessThan(3 * DAY);
    expect(await stateOf(id)).toBe('published');
  },
);

test('what was signed with a clock a month ahead is published with a date of today', async () => {
  const { world, agent, bob } = await startWithBob({ offMs: 30 * DAY, features: [...modern, 'nip17'] });
  agent.network.disconnect();
  world.relay.offered.length = 0;
  await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  setClock(world, -30 * DAY);
  await world.clock.advance(60_000);
  agent.network.connect();
  await settle(world.clock);
  const [wrap] = world.relay.offered.filter(({ kind }) => kind === kinds.giftWrap);
  expect(wrap?.created_at).toBeLessThanOrEqual(world.clock.now() / 1000);
});

test('a message, a hello and a receipt from a month behind reach a receiver that was offline', async () => {
  const world = createTestMesh('wss://one.test');
  const { alice, bob } = await startTwo(world);
  const { id } = await bob.sendMessage({ to: alice.pubkey, content: 'to read' });
  await world.clock.advance(1_000);
  const carol = await world.start();
  await world.clock.advance(1_000);
  alice.network.disconnect();
  world.relay.clockOffsetMs = 0;
  setClock(world, -30 * DAY);
  await alice.markRead({ all: true });
  await alice.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(60_000);
  bob.network.disconnect();
  setClock(world, 30 * DAY);
  await world.clock.advance(60_000);
  world.relay.offered.length = 0;
  alice.network.connect();
  await world.clock.advance(60_000);
  const dates = world.relay.offered.map(({ created_at }) => dayOf(world.clock.now() - created_at * 1000));
  expect(Math.max(...dates)).toBeLessThanOrEqual(2);
  bob.network.connect();
  await world.clock.advance(60_000);
  expect(await bob.inbox()).toMatchObject([{ content: 'x' }]);
  expect((await bob.getMessage({ id })).delivery.state).toBe('read');
  expect((await carol.getStatus({})).outbox.failed).toBe(0);
});

test('requests and held messages keep their time over a correction by a month', async () => {
  const { world, agent } = await startWithBob({
    offMs: -30 * DAY,
    config: { strangers: 'ask', first_contact: 'ask' },
  });
  const carol = world.fakePeer('carol');
  const dan = world.fakePeer('dan');
  const dated = { features: modern, createdAtSec: trueSec(world) };
  world.relay.push(carol.presence(dated), dan.presence(dated));
  await world.clock.advance(60_000);
  world.relay.push(carol.dm(agent.pubkey, 'may I?', { created_at: trueSec(world) }));
  await agent.sendMessage({ to: dan.pubkey, content: 'hello' }).catch(() => {});
  await world.clock.advance(60_000);
  setClock(world, 30 * DAY);
  await world.clock.advance(3 * HOUR);
  const requests = await agent.listRequests({});
  expect(requests.map(({ direction }) => direction).sort()).toEqual(['in', 'out']);
  // Shown by the corrected clock.
  for (const { since } of requests) expect(world.clock.now() - Date.parse(since)).toBeLessThan(4 * HOUR);
  sleep(world, 15 * DAY);
  await world.clock.advance(2 * HOUR);
  expect(await agent.listRequests({})).toEqual([]);
});

test.each([
  ['while it runs', false],
  ['over a restart', true],
])('messages stored with the clock two years behind survive its correction %s', async (_, isOff) => {
  const { world, agent, bob } = await startWithBob({ offMs: -730 * DAY });
  world.relay.push(bob.dm(agent.pubkey, 'old'));
  await settle(world.clock);
  await agent.markRead({ all: true });
  if (!isOff) setClock(world, 730 * DAY);
  const now = isOff ? await restart(world, agent, 730 * DAY) : agent;
  await world.clock.advance(3 * HOUR);
  expect(await now.inbox()).toMatchObject([{ content: 'old' }]);
});

test('an idempotency key outlives a correction of the clock', async () => {
  const { world, agent, bob } = await startWithBob({ offMs: -30 * DAY });
  const send = (from: TestAgent) =>
    from.sendMessage({ to: bob.pubkey, content: 'x', idempotency_key: 'once' });
  const { id } = await send(agent);
  const again = await restart(world, agent, 30 * DAY);
  await world.clock.advance(60_000);
  expect((await send(again)).id).toBe(id);
});

test('the limit of hellos holds over a correction of the clock', async () => {
  const { world, agent } = await startWithBob({ offMs: -30 * DAY });
  const greet = async (name: string) => {
    world.relay.push(world.fakePeer(name).presence({ features: modern }));
    await world.clock.advance(100);
  };
  const hellos = () => agent.published(kinds.encryptedDm).length;
  await world.clock.advance(60_000);
  const before = hellos();
  for (let n = 0; n < 40; n++) await greet(`early ${n}`);
  const perMinute = hellos() - before;
  setClock(world, 30 * DAY);
  for (let n = 0; n < 40; n++) await greet(`late ${n}`);
  expect(hellos() - before).toBe(perMinute);
});

test('an event is not seen twice because the clock that dated its arrival was behind', async () => {
  const { world, agent, bob } = await startWithBob({ offMs: -60 * DAY });
  const event: NostrEvent = bob.dm(agent.pubkey, 'once', {
    created_at: Math.floor((world.clock.now() + 60 * DAY) / 1000),
  });
  setClock(world, 60 * DAY);
  world.relay.push(event);
  await settle(world.clock);
  await world.clock.advance(3 * HOUR);
  expect(agent.store.peek((tables) => tables.seen.has(event.id))).toBe(true);
});

test('a message from a sleeping machine expires once relays confirm that it slept', async () => {
  const { world, agent, bob, stateOf } = await startWithBob();
  world.relay.onPublish = slowDown;
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  agent.network.disconnect();
  sleep(world, 8 * DAY);
  await world.clock.advance(HOUR);
  expect(await stateOf(id)).toBe('queued');
  agent.network.connect();
  await world.clock.advance(60_000);
  expect(await stateOf(id)).toBe('expired');
});

test.each([
  ['no relay that confirms the time', false],
  ['a relay that confirms it', true],
])('a request keeps its date over days in which the machine was off, with %s', async (_, up) => {
  const config = { strangers: 'ask' } as const;
  const { world, agent, bob } = await startWithBob({ config });
  world.relay.push(bob.dm(agent.pubkey, 'may I?'));
  await settle(world.clock);
  const [{ since } = { since: '' }] = await agent.listRequests({});
  expect(Math.abs(Date.parse(since) - world.clock.now())).toBeLessThan(1_000);
  let running = agent;
  for (const days of [1, 3]) {
    await running.stop();
    sleep(world, days * DAY);
    running = await world.start({ disk: running.disk, up, config });
    await world.clock.advance(HOUR);
    expect(await running.listRequests({})).toMatchObject([{ since }]);
  }
});

test('a peer that followed a relay with a wrong clock is online once it announces itself with the right time', async () => {
  const [one, two] = ['wss://one.test', 'wss://two.test'] as const;
  const world = createTestMesh(one, two);
  const [right, ahead] = [world.mesh.relay(one), world.mesh.relay(two)];
  right.clockOffsetMs = 0;
  ahead.clockOffsetMs = HOUR;
  right.reachable = false;
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  // While no other relay is connected, everyone dates by this one.
  ahead.push(bob.presence({ createdAtSec: trueSec(world) + 3_600 }));
  await settle(world.clock);
  right.reachable = true;
  agent.network.connect(one);
  await world.clock.advance(20 * 60_000);
  right.push(bob.presence({ createdAtSec: trueSec(world) }));
  await settle(world.clock);
  const { items } = await agent.listPeers({});
  expect(items).toMatchObject([{ pubkey: bob.pubkey, online: true }]);
});
