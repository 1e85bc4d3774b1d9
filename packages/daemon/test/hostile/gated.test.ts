import { expect, test } from 'vitest';
import { createSocketMesh, expectHeard, send, talk } from '../support/socket-mesh.ts';

test('AUTH storm: endless challenges neither lose the message nor exhaust the machine', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('auth-storm'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  expect(hostile.misdeeds()).toBeGreaterThan(1_000);
  expect((await alice.relay(hostile.url)).carries_dms).toBe(false);
  // Each AUTH costs a signature, and each refusal could be a log line.
  expect(hostile.received('AUTH').length).toBeLessThan(40);
  const lines = alice.log.lines.filter(
    ({ level, fields }) => level !== 'debug' && fields['relay'] === hostile.url,
  );
  expect(lines.length).toBeLessThan(20);
});

test('refused AUTH: shows the reason, without a retry or crash', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('refuses-auth'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  const relay = await alice.relay(hostile.url);
  expect(relay.carries_dms).toBe(false);
  expect(relay.last_error).toMatch(/members only|you are no member/);
  await mesh.pass(10 * 60_000, mesh.strideMs);
  // One AUTH per challenge, for each of the two agents.
  expect(hostile.received('AUTH').length).toBeLessThanOrEqual(hostile.connections());
  expect(hostile.connections()).toBeLessThanOrEqual(4);
});

test('CLOSED "ERROR: auth-required: …": authenticates, and messages go through', async () => {
  const mesh = await createSocketMesh();
  const hostile = await mesh.startHostile('strfry-closed');
  const { alice, bob } = await mesh.startPair(hostile);
  await talk(mesh, alice, bob);
  expect(hostile.misdeeds()).toBeGreaterThanOrEqual(2);
  expect(hostile.received('AUTH')).toHaveLength(2);
  for (const agent of [alice, bob]) expect((await agent.relay(hostile.url)).carries_dms).toBe(true);
});

test('reopened challenge: authenticates again and keeps receiving', async () => {
  const mesh = await createSocketMesh();
  const hostile = await mesh.startHostile('reopened-challenge', { forgetsAfterMs: 10_000 });
  const { alice, bob } = await mesh.startPair(hostile);
  const contents: string[] = [];
  for (let time = 0; time < 4; time++) {
    contents.push(...(await send(mesh, alice, bob, `message ${time}`)));
    await mesh.pass(10_000);
  }
  await expectHeard(bob, alice, contents);
  expect(hostile.misdeeds()).toBeGreaterThanOrEqual(6);
  // A lost authentication is not a refusal.
  expect(hostile.connections()).toBe(2);
});
