import { expect, test } from 'vitest';
import { createSocketMesh, talk } from '../support/socket-mesh.ts';

test('lying OK: ignores an OK for an event that was not sent, and the message arrives', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('lying-ok'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  expect(hostile.misdeeds()).toBeGreaterThan(4);
  for (const agent of [alice, bob]) expect((await agent.getStatus({})).reasons).toEqual([]);
});

test('OK but drops: the message arrives through the honest relay', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('ok-but-drops'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  expect(hostile.misdeeds()).toBeGreaterThan(4);
});

test('OK but drops: a message only such a relay accepted is never `delivered`, and goes to the next relay', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('ok-but-drops'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  honest.partition();
  await mesh.until(async () => expect((await alice.relay(honest.url)).state).not.toBe('connected'), 90_000);
  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'really?' });
  await mesh.pass(30_000, 250);
  expect((await alice.getMessage({ id })).delivery).toMatchObject({
    state: 'queued',
    relays: expect.arrayContaining([expect.objectContaining({ url: hostile.url, outcome: 'dropped' })]),
  });
  expect(await bob.inbox()).toEqual([]);
  honest.heal();
  await mesh.until(async () => expect(await alice.stateOf(id)).toBe('delivered'));
  expect(await bob.inbox()).toMatchObject([{ id, content: 'really?' }]);
});

test('EOSE never: the message arrives, and the relay does not count as carrying messages', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('never-eose'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  expect(hostile.misdeeds()).toBeGreaterThan(2);
  for (const agent of [alice, bob]) {
    expect((await agent.relay(hostile.url)).carries_dms).toBe(false);
    expect((await agent.relay(honest.url)).carries_dms).toBe(true);
  }
});
