import { expect, test } from 'vitest';
import { candidateRelays } from '../src/config/schema.ts';
import { createWorld, settle } from './support/agent-in-a-box.ts';
import { reject } from './support/memory-relay-network.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const [FIRST, SECOND, , , , SIXTH, SEVENTH] = candidateRelays as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];

/** An agent whose owner named no relays. */
async function onCandidates() {
  const world = createWorld(...candidateRelays);
  const box = await world.start({ config: { relays: null } });
  const urls = async () => (await box.listRelays({})).map(({ url }) => url);
  const fail = (url: string) => {
    world.mesh.relay(url).reachable = false;
    box.network.disconnect(url);
  };
  const mend = (url: string) => {
    world.mesh.relay(url).reachable = true;
    box.network.connect(url);
  };
  return { world, box, urls, fail, mend };
}

test('uses the first five candidates, and the named relays all', async () => {
  const { urls } = await onCandidates();
  expect(await urls()).toEqual(candidateRelays.slice(0, 5));
  const world = createWorld(...candidateRelays);
  const box = await world.start();
  expect(await box.listRelays({})).toHaveLength(candidateRelays.length);
});

test('one that fails for an hour gives its place to the next, and is tried again a day later', async () => {
  const { world, urls, fail, mend } = await onCandidates();
  fail(SECOND);
  await world.clock.advance(58 * MINUTE);
  expect(await urls()).toEqual(candidateRelays.slice(0, 5));
  await world.clock.advance(5 * MINUTE);
  const without = candidateRelays.slice(0, 6).filter((url) => url !== SECOND);
  expect(await urls()).toEqual(without);
  // Still down when it is tried: it goes again.
  await world.clock.advance(DAY);
  expect(await urls()).toEqual([...without, SECOND]);
  await world.clock.advance(15 * MINUTE);
  expect(await urls()).toEqual(without);
  mend(SECOND);
  await world.clock.advance(DAY + 20 * MINUTE);
  expect(await urls()).toEqual(candidateRelays.slice(0, 5));
});

test('one that refuses whatever we write gives its place too', async () => {
  const { world, urls } = await onCandidates();
  world.mesh.relay(FIRST).answer = () => reject('restricted: pay first');
  await world.clock.advance(70 * MINUTE);
  expect(await urls()).toEqual(candidateRelays.slice(1, 6));
});

test('with all of them gone the network is at fault, and nobody loses its place', async () => {
  const { world, urls, fail, mend } = await onCandidates();
  for (const url of candidateRelays) fail(url);
  await world.clock.advance(10 * HOUR);
  expect(await urls()).toEqual(candidateRelays.slice(0, 5));
  for (const url of candidateRelays) mend(url);
  await world.clock.advance(2 * MINUTE);
  expect(await urls()).toEqual(candidateRelays.slice(0, 5));
});

test('what the owner adds and takes away holds over a restart', async () => {
  const { world, box, urls } = await onCandidates();
  await box.addRelay({ url: SEVENTH });
  await box.removeRelay({ url: FIRST });
  const expected = [...candidateRelays.slice(1, 6), SEVENTH];
  expect(await urls()).toEqual(expected);
  await box.stop();
  const again = await world.start({ disk: box.disk, config: { relays: null } });
  expect((await again.listRelays({})).map(({ url }) => url)).toEqual(expected);
  await again.addRelay({ url: FIRST });
  await settle(world.clock);
  expect((await again.listRelays({})).map(({ url }) => url)).toContain(FIRST);
  expect(SIXTH).toBeTruthy();
});

test('says of a named relay that it is not used because its owner removed it', async () => {
  const world = createWorld('wss://one.test', 'wss://two.test');
  const box = await world.start();
  await box.removeRelay({ url: 'wss://two.test' });
  const again = await world.start({ disk: await box.crash() });
  expect(await again.listRelays({})).toMatchObject([{ url: 'wss://one.test' }]);
  expect(again.log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
    { message: expect.stringContaining('relay wss://two.test is not used') },
  ]);
});
