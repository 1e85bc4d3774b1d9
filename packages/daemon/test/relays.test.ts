import { expect, test } from 'vitest';
import { createTestMesh, settle } from './support/test-agent.ts';

const ONE = 'wss://one.test';
const TWO = 'wss://two.test';

/** An agent on the first of two relays. */
async function onOneOfTwo() {
  const world = createTestMesh(ONE, TWO);
  const box = await world.start({ config: { relays: [ONE] } });
  return { world, box, urls: async () => (await box.listRelays({})).map(({ url }) => url) };
}

test('a relay that is added is used at once', async () => {
  const { world, box, urls } = await onOneOfTwo();
  expect(await box.addRelay({ url: ' WSS://Two.Test:443/ ' })).toMatchObject({
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
  expect(await box.peers()).toMatchObject([{ pubkey: bob.pubkey }]);
});

test('adding a relay that is there changes nothing', async () => {
  const { box, urls } = await onOneOfTwo();
  expect(await box.addRelay({ url: ONE })).toMatchObject({ url: ONE, state: 'connected' });
  expect(await urls()).toEqual([ONE]);
});

test.each(['nos.lol', 'https://nos.lol', 'wss://', 'wss://user:secret@nos.lol'])(
  '%j is refused as no relay address, without repeating it',
  async (url) => {
    const { box, urls } = await onOneOfTwo();
    const refused = box.addRelay({ url });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request', details: { field: 'url' } });
    await expect(refused).rejects.not.toThrow(/nos\.lol|secret/);
    await expect(box.removeRelay({ url })).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await urls()).toEqual([ONE]);
  },
);

test('takes 32 relays and no more', async () => {
  const { box, urls } = await onOneOfTwo();
  for (let i = 1; i < 32; i++) await box.addRelay({ url: `wss://relay-${i}.test` });
  await expect(box.addRelay({ url: TWO })).rejects.toMatchObject({ code: 'invalid_request' });
  expect(await box.addRelay({ url: ONE })).toMatchObject({ url: ONE });
  expect(await urls()).toHaveLength(32);
});

test('a relay that is removed is left, and the answer names the others', async () => {
  const { world, box } = await onOneOfTwo();
  await box.addRelay({ url: TWO });
  expect(await box.removeRelay({ url: `${ONE}/` })).toMatchObject([{ url: TWO }]);
  expect(world.mesh.relay(ONE).clients.size).toBe(0);
  await expect(box.removeRelay({ url: ONE })).rejects.toMatchObject({ code: 'relay_unknown' });
  expect(await box.removeRelay({ url: TWO })).toEqual([]);
});

test('says what a relay is about, and until when it rests', async () => {
  const { world, box } = await onOneOfTwo();
  const backoffUntil = world.clock.now() + 3_600_000;
  box.network.say(ONE, {
    state: 'payment_required',
    backoffUntil,
    clockOffsetMs: -1500,
    lastError: 'restricted: pay',
  });
  const words = { url: ONE, role: 'own', state: 'payment_required', last_error: 'restricted: pay' };
  const rests_until = new Date(backoffUntil).toISOString();
  expect(await box.listRelays({})).toMatchObject([{ ...words, rests_until, clock_offset_ms: -1500 }]);
  expect((await box.getStatus({})).relay_status).toMatchObject([{ ...words, rests_until }]);
});
