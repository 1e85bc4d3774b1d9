import { expect, test } from 'vitest';
import { createSocketMesh, talk } from '../support/socket-mesh.ts';

test('huge frame: is dropped and counted; the message arrives', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('huge-frame'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  await mesh.until(async () => {
    expect((await alice.refused())['frame_too_large']).toBeGreaterThan(0);
    expect((await bob.refused())['frame_too_large']).toBeGreaterThan(0);
  });
});

test('zip bomb: inflates neither the frame nor the relay information', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('zip-bomb'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  await mesh.until(async () => {
    expect(hostile.connections()).toBeGreaterThanOrEqual(4);
    for (const agent of [alice, bob]) {
      expect((await agent.relay(hostile.url)).last_error).toMatch(/RSV1|Sec-WebSocket-Extensions/);
      expect(await agent.relay(hostile.url)).toMatchObject({ supported_nips: [], limitation: {} });
    }
  });
});

test('slow drip: a relay that takes seconds for a frame delays nothing', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('slow-drip'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  expect(hostile.misdeeds()).toBeGreaterThan(500);
});
