import { expect, test } from 'vitest';
import { createSocketMesh, expectHeard, talk } from '../support/socket-mesh.ts';

test('accepts our event two hours after it was signed: the message arrives then', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('two-hours-late'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);

  await honest.close();
  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'patience' });
  const sentAtMs = mesh.clock.monotonic();
  await mesh.until(() => expect(hostile.received('EVENT').length).toBeGreaterThan(0));
  await mesh.pass(2 * 3_600_000 - 60_000, mesh.strideMs);
  expect(await alice.stateOf(id)).toBe('queued');
  await expectHeard(bob, alice, ['one', 'two', 'three']);

  await mesh.until(
    () => expectHeard(bob, alice, ['one', 'two', 'three', 'patience']),
    20 * 60_000,
    mesh.strideMs,
  );
  expect(mesh.clock.monotonic() - sentAtMs).toBeGreaterThan(2 * 3_600_000 - 1_000);
  await mesh.pass(60_000, mesh.strideMs);
  await expectHeard(bob, alice, ['one', 'two', 'three', 'patience']);
});
