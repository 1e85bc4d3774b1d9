import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { until, watchSlowdown } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import { createMesh } from './support/mesh.ts';
import { fillDisk, mountSmallDisk } from './support/small-disk.ts';

describe('a full disk', () => {
  it('refuses writes with 507 within a second, keeps serving reads, and resumes when there is room', async ({
    skip,
  }) => {
    const mesh = createMesh();
    const home = join(mesh.place, 'alice');
    if (!mountSmallDisk(home)) skip('only root may mount a small disk');
    const relay = await mesh.startRelay();
    const alice = await mesh.startAgent('alice', [relay.url]);
    const bob = await mesh.startAgent('bob', [relay.url]);
    await mesh.meet(alice, bob);

    const filler = fillDisk(home);
    const acknowledged: string[] = [];
    const send = async () => {
      const began = performance.now();
      const response = await fetch(`${alice.url}/send`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ to: bob.pubkey, content: '漢'.repeat(4096) }),
      });
      const body = (await response.json()) as { id: string; error?: string };
      if (response.status === 200) acknowledged.push(body.id);
      return { status: response.status, error: body.error, ms: performance.now() - began };
    };
    // The journal has allocated room in advance, which is used up first.
    const refused = await until(async () => {
      const answer = await send();
      return answer.status !== 200 && answer;
    });
    expect(refused).toMatchObject({ status: 507, error: 'storage_full' });
    const slowdown = watchSlowdown();
    const { ms } = await send();
    expect(ms).toBeLessThan(1_000 * (await slowdown.stop()).factor);

    const status = await fetch(`${alice.url}/status`);
    expect(status.status).toBe(503);
    expect(await status.json()).toMatchObject({ degraded: true, reasons: [{ code: 'storage_refuses' }] });
    const page = await alice.api.listMessages({ direction: 'out' });
    expect(page.items.map(({ id }) => id).sort()).toEqual([...acknowledged].sort());

    rmSync(filler);
    await until(async () => (await send()).status === 200);
    expect((await fetch(`${alice.url}/status`)).status).toBe(200);
    const arrived = async () => (await bob.api.getStatus({})).unread_count;
    await until(async () => (await arrived()) === acknowledged.length, { moves: arrived });

    await alice.kill();
    const again = await mesh.startAgent('alice', [relay.url]);
    const kept = await again.api.listMessages({ direction: 'out' });
    expect(kept.items.map(({ id }) => id).sort()).toEqual([...acknowledged].sort());
  });
});
