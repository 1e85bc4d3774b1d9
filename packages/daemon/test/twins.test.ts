import { presenceEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { createWasmEngine } from '../src/adapters/crypto/wasm-engine.ts';
import { copyDisk } from './support/memory-store.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

const MINUTE = 60_000;
const TWIN = { degraded: true, reasons: [{ code: 'twin' }] };

/** Two daemons with the same key: the second runs on a copy of the first one's home. */
async function twins() {
  const world = createTestMesh();
  const one = await world.start({ name: 'one' });
  await world.clock.advance(MINUTE);
  const other = await world.start({ name: 'other', disk: copyDisk(one.disk) });
  return { world, one, other };
}

test('each of two daemons with the same key notices the other within one announcement', async () => {
  const { world, one, other } = await twins();
  expect(other.pubkey).toBe(one.pubkey);
  await world.clock.advance(6 * MINUTE);
  expect(await one.getStatus({})).toMatchObject(TWIN);
  expect(await other.getStatus({})).toMatchObject(TWIN);
  expect(one.log.lines.filter(({ message }) => message.includes('same key'))).toHaveLength(1);
});

test('the other one stops: we announce that we are online, and are healthy again', async () => {
  const { world, one, other } = await twins();
  const peer = await world.start({ name: 'peer' });
  await world.clock.advance(6 * MINUTE);
  await other.stop();
  await settle(world.clock);
  expect(await peer.peer(one.pubkey)).toMatchObject({ online: true });
  await world.clock.advance(MINUTE);
  expect(await one.getStatus({})).toMatchObject({ degraded: false, reasons: [] });
});

test('the other one is killed: the reason ends with the online window', async () => {
  const { world, one, other } = await twins();
  await world.clock.advance(6 * MINUTE);
  await other.crash();
  await world.clock.advance(16 * MINUTE);
  expect(await one.getStatus({})).toMatchObject({ degraded: false });
});

test.each(['stop', 'crash'] as const)('a restart after a %s is no twin', async (end) => {
  const world = createTestMesh();
  const before = await world.start();
  await world.clock.advance(7 * MINUTE);
  const disk = await before[end]();
  const after = await world.start({ disk: disk ?? before.disk });
  await world.clock.advance(20 * MINUTE);
  expect(await after.getStatus({})).toMatchObject({ degraded: false, reasons: [] });
});

test.each([-60, 60])(
  'while the relays are %i minutes ahead of our clock, a twin is noticed',
  async (minutes) => {
    const world = createTestMesh();
    world.relay.clockOffsetMs = minutes * MINUTE;
    const one = await world.start();
    await world.clock.advance(MINUTE);
    const createdAtSec = Math.floor((world.clock.now() + minutes * MINUTE) / 1000);
    world.relay.push(one.agent.identity.sign(olderPresence(createdAtSec)));
    await settle(world.clock);
    const { reasons } = await one.getStatus({});
    expect(reasons.map(({ code }) => code)).toContain('twin');
  },
);

/** A presence of a version without the tag `instance`. */
function olderPresence(createdAtSec: number) {
  const draft = presenceEvent({
    kind: 31337,
    createdAtSec,
    lifetimeSec: 900,
    version: '0.2.0',
    name: null,
    features: [],
    status: 'online',
    instance: '',
  });
  return { ...draft, tags: draft.tags.filter(([name]) => name !== 'instance') };
}

test('a daemon of an older version with our key is a twin, too', async () => {
  const { world, one } = await twinOnDisk();
  world.relay.push(one.agent.identity.sign(olderPresence(Math.floor(world.clock.now() / 1000) + 1)));
  await settle(world.clock);
  await world.clock.advance(5_000);
  expect(await one.getStatus({})).toMatchObject(TWIN);
});

test('a relay that makes up a presence by our key is blamed, and nothing else happens', async () => {
  const { world, one } = await twinOnDisk();
  const [real] = one.published(31337);
  const forged = { ...(real as NonNullable<typeof real>) };
  for (let n = 0; n < 20; n++) {
    const created_at = Math.floor(world.clock.now() / 1000) + 1 + n;
    const id = createWasmEngine().eventId({ ...forged, created_at, tags: [['d', 'ocmesh-presence']] });
    world.relay.push({ ...forged, id, created_at, tags: [['d', 'ocmesh-presence']] });
  }
  await world.clock.advance(5_000);
  expect(await one.getStatus({})).toMatchObject({ degraded: false });
});

async function twinOnDisk() {
  const world = createTestMesh();
  const one = await world.start();
  await world.clock.advance(MINUTE);
  return { world, one };
}
