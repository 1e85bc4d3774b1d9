import { expect, test } from 'vitest';
import { createSocketMesh, talk } from '../support/socket-mesh.ts';

test.each(['restricted-writer', 'pow-demander', 'rate-limiter'] as const)(
  '%s: the message arrives through the honest relay, without endless retries',
  async (name) => {
    const mesh = await createSocketMesh();
    const [hostile, honest] = [await mesh.startHostile(name), await mesh.startHonest()];
    const { alice, bob } = await mesh.startPair(hostile, honest);
    await talk(mesh, alice, bob);
    expect(hostile.misdeeds()).toBeGreaterThan(0);
    const before = hostile.received('EVENT').length;
    await mesh.pass(60_000, 250);
    // Fewer than a limit of six a minute would allow.
    expect(hostile.received('EVENT').length - before).toBeLessThanOrEqual(6);
  },
);

test.each(['http-402', 'http-403', 'http-429'] as const)(
  '%s: backs off from a relay that refuses the connection',
  async (name) => {
    const mesh = await createSocketMesh();
    const [hostile, honest] = [await mesh.startHostile(name), await mesh.startHonest()];
    const { alice, bob } = await mesh.startPair(hostile, honest);
    await talk(mesh, alice, bob);
    expect((await alice.relay(hostile.url)).last_error).toContain(name.slice(-3));
    await mesh.pass(10 * 60_000, mesh.strideMs);
    // At most two attempts each in ten minutes.
    expect(hostile.connections()).toBeLessThanOrEqual(4);
  },
);
