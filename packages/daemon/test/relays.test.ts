import { expect, test } from 'vitest';
import { createTestMesh, settle } from './support/test-agent.ts';

const ONE = 'wss://one.test';
const TWO = 'wss://two.test';

/** Starts an agent that uses the first of two relays. */
async function startOnOneOfTwo() {
  const world = createTestMesh(ONE, TWO);
  const agent = await world.start({ config: { relays: [ONE] } });
  return { world, agent, urls: async () => (await agent.listRelays({})).map(({ url }) => url) };
}

test('uses an added relay at once', async () => {
  const { world, agent, urls } = await startOnOneOfTwo();
  expect(await agent.addRelay({ url: ' WSS://Two.Test:443/ ' })).toMatchObject({
    url: TWO,
    role: 'own',
    state: 'connected',
    rests_until: null,
    clock_offset_ms: null,
  });
  expect(await urls()).toEqual([ONE, TWO]);
  const bob = world.fakePeer('bob');
  world.mesh.relay(TWO).push(bob.presence());
  await settle(world.clock);
  expect(await agent.peers()).toMatchObject([{ pubkey: bob.pubkey }]);
});

test('adding a relay that is on the list changes nothing', async () => {
  const { agent, urls } = await startOnOneOfTwo();
  expect(await agent.addRelay({ url: ONE })).toMatchObject({ url: ONE, state: 'connected' });
  expect(await urls()).toEqual([ONE]);
});

test.each(['nos.lol', 'https://nos.lol', 'wss://', 'wss://user:secret@nos.lol'])(
  'refuses %j as a relay address, without repeating it',
  async (url) => {
    const { agent, urls } = await startOnOneOfTwo();
    const refused = agent.addRelay({ url });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request', details: { field: 'url' } });
    await expect(refused).rejects.not.toThrow(/nos\.lol|secret/);
    await expect(agent.removeRelay({ url })).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await urls()).toEqual([ONE]);
  },
);

test('accepts 32 relays and no more', async () => {
  const { agent, urls } = await startOnOneOfTwo();
  for (let i = 1; i < 32; i++) await agent.addRelay({ url: `wss://relay-${i}.test` });
  await expect(agent.addRelay({ url: TWO })).rejects.toMatchObject({ code: 'invalid_request' });
  expect(await agent.addRelay({ url: ONE })).toMatchObject({ url: ONE });
  expect(await urls()).toHaveLength(32);
});

test('disconnects from a removed relay, and returns the others', async () => {
  const { world, agent } = await startOnOneOfTwo();
  await agent.addRelay({ url: TWO });
  expect(await agent.removeRelay({ url: `${ONE}/` })).toMatchObject([{ url: TWO }]);
  expect(world.mesh.relay(ONE).clients.size).toBe(0);
  await expect(agent.removeRelay({ url: ONE })).rejects.toMatchObject({ code: 'relay_unknown' });
  expect(await agent.removeRelay({ url: TWO })).toEqual([]);
});

test('shows the state of a relay, and when its back-off ends', async () => {
  const { world, agent } = await startOnOneOfTwo();
  const backoffUntil = world.clock.now() + 3_600_000;
  agent.network.say(ONE, {
    state: 'payment_required',
    backoffUntil,
    clockOffsetMs: -1500,
    lastError: 'restricted: pay',
  });
  const shown = { url: ONE, role: 'own', state: 'payment_required', last_error: 'restricted: pay' };
  const rests_until = new Date(backoffUntil).toISOString();
  expect(await agent.listRelays({})).toMatchObject([{ ...shown, rests_until, clock_offset_ms: -1500 }]);
  expect((await agent.getStatus({})).relay_status).toMatchObject([{ ...shown, rests_until }]);
});
