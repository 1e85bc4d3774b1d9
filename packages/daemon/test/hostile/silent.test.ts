import { expect, test } from 'vitest';
import { createSocketMesh, talk } from '../support/socket-mesh.ts';

test('half-open: a relay that falls silent delays nothing, and is tried again', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('half-open'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  await mesh.until(async () => expect((await alice.relay(hostile.url)).last_error).toMatch(/no response/));
  await mesh.until(() => expect(hostile.connections()).toBeGreaterThanOrEqual(4));
  expect(await alice.relay(hostile.url)).toMatchObject({ carries_dms: false });
});

test('accepts TCP and never upgrades: other relays work, and this one is given up and tried again', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('never-upgrades'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  await mesh.until(async () =>
    expect((await alice.relay(hostile.url)).last_error).toContain('handshake has timed out'),
  );
  expect(await alice.relay(hostile.url)).toMatchObject({ carries_dms: false });
  await mesh.until(() => expect(hostile.connections()).toBeGreaterThan(2));
  expect((await alice.relay(honest.url)).state).toBe('connected');
});

test('NOTICE instead of CLOSED: messages go through the other relay, and this one does not count as carrying them', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('notice-instead-of-closed'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  expect(hostile.misdeeds()).toBeGreaterThan(1);
  for (const agent of [alice, bob]) expect((await agent.relay(hostile.url)).carries_dms).toBe(false);
});

test('loses the first REQ: sends it again', async () => {
  const mesh = await createSocketMesh();
  const hostile = await mesh.startHostile('loses-first-req', { deafMs: 1_000 });
  const { alice, bob } = await mesh.startPair(hostile);
  await talk(mesh, alice, bob);
  expect(hostile.misdeeds()).toBeGreaterThanOrEqual(4);
  // Each REQ was sent again on the same connection.
  expect(hostile.connections()).toBe(2);
});

test('flapper: all messages arrive once through a relay that cuts every connection', async () => {
  const mesh = await createSocketMesh();
  const hostile = await mesh.startHostile('flapper');
  const { alice, bob } = await mesh.startPair(hostile);
  await talk(mesh, alice, bob);
  expect(hostile.misdeeds()).toBeGreaterThan(2);
});
