import { expect, test } from 'vitest';
import { candidateRelays } from '../src/config/candidate-relays.ts';
import { reject } from './support/memory-relay-network.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

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

/** Starts an agent whose owner configured no relays. */
async function startOnCandidates() {
  const world = createTestMesh(...candidateRelays);
  const agent = await world.start({ config: { relays: null } });
  const urls = async () => (await agent.listRelays({})).map(({ url }) => url);
  const fail = (url: string) => {
    world.mesh.relay(url).reachable = false;
    agent.network.disconnect(url);
  };
  const recover = (url: string) => {
    world.mesh.relay(url).reachable = true;
    agent.network.connect(url);
  };
  return { world, agent, urls, fail, recover };
}

test('uses the first five candidates, but all configured relays', async () => {
  const { urls } = await startOnCandidates();
  expect(await urls()).toEqual(candidateRelays.slice(0, 5));
  const world = createTestMesh(...candidateRelays);
  const agent = await world.start();
  expect(await agent.listRelays({})).toHaveLength(candidateRelays.length);
});

test('replaces a candidate that fails for an hour by the next one, and tries it again a day later', async () => {
  const { world, urls, fail, recover } = await startOnCandidates();
  fail(SECOND);
  await world.clock.advance(58 * MINUTE);
  expect(await urls()).toEqual(candidateRelays.slice(0, 5));
  await world.clock.advance(5 * MINUTE);
  // Not the sixth: its operator also runs the first.
  const without = [...candidateRelays.slice(0, 5).filter((url) => url !== SECOND), SEVENTH];
  expect(await urls()).toEqual(without);
  // Still down when it is tried again.
  await world.clock.advance(DAY);
  expect(await urls()).toEqual([...without, SECOND]);
  await world.clock.advance(15 * MINUTE);
  expect(await urls()).toEqual(without);
  recover(SECOND);
  await world.clock.advance(DAY + 20 * MINUTE);
  expect(await urls()).toEqual(candidateRelays.slice(0, 5));
});

test('replaces a candidate that refuses everything we write', async () => {
  const { world, urls } = await startOnCandidates();
  world.mesh.relay(FIRST).onPublish = () => reject('restricted: pay first');
  await world.clock.advance(70 * MINUTE);
  expect(await urls()).toEqual(candidateRelays.slice(1, 6));
});

test('replaces none while all are unreachable: then our network is at fault', async () => {
  const { world, urls, fail, recover } = await startOnCandidates();
  for (const url of candidateRelays) fail(url);
  await world.clock.advance(10 * HOUR);
  expect(await urls()).toEqual(candidateRelays.slice(0, 5));
  for (const url of candidateRelays) recover(url);
  await world.clock.advance(2 * MINUTE);
  expect(await urls()).toEqual(candidateRelays.slice(0, 5));
});

test('relays that the owner added or removed stay so after a restart', async () => {
  const { world, agent, urls } = await startOnCandidates();
  await agent.addRelay({ url: SEVENTH });
  await agent.removeRelay({ url: FIRST });
  const expected = [...candidateRelays.slice(1, 6), SEVENTH];
  expect(await urls()).toEqual(expected);
  await agent.stop();
  const restarted = await world.start({ disk: agent.disk, config: { relays: null } });
  expect((await restarted.listRelays({})).map(({ url }) => url)).toEqual(expected);
  await restarted.addRelay({ url: FIRST });
  await settle(world.clock);
  expect((await restarted.listRelays({})).map(({ url }) => url)).toContain(FIRST);
  expect(SIXTH).toBeTruthy();
});

test('logs that a configured relay is not used because the owner removed it', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const agent = await world.start();
  await agent.removeRelay({ url: 'wss://two.test' });
  const restarted = await world.start({ disk: await agent.crash() });
  expect(await restarted.listRelays({})).toMatchObject([{ url: 'wss://one.test' }]);
  expect(restarted.log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
    { message: expect.stringContaining('relay wss://two.test is not used') },
  ]);
});

test('replaces none that our proxy does not reach, even while one on this machine works', async () => {
  const { world, agent, urls, fail, recover } = await startOnCandidates();
  for (const url of candidateRelays.slice(1)) fail(url);
  for (const url of candidateRelays.slice(1)) agent.network.say(url, { isProxyDown: true });
  await world.clock.advance(3 * HOUR);
  expect(await urls()).toEqual(candidateRelays.slice(0, 5));
  // Without that, they would be.
  agent.network.say(SECOND, { isProxyDown: false });
  await world.clock.advance(70 * MINUTE);
  expect(await urls()).not.toContain(SECOND);
  for (const url of candidateRelays) recover(url);
});
