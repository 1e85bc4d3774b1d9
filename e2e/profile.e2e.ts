import { until } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import { createMesh } from './support/mesh.ts';
import { runOcmesh } from './support/run-ocmesh.ts';

const can = 'Weather forecast for Lisbon';

describe('what the owner says about an agent', () => {
  it('lets others find it, follows each change, and survives a restart', async () => {
    const mesh = createMesh();
    const relay = await mesh.startRelay();
    const [alice, bob, carol] = await Promise.all([
      mesh.startAgent('alice', [relay.url]),
      mesh.startAgent('bob', [relay.url]),
      mesh.startAgent('carol', [relay.url]),
    ]);
    const ocmesh = (home: string, ...args: string[]) => runOcmesh(home, args, { OCMESH_HOME: home });
    const bobAtAlice = () => alice.api.getPeer({ pubkey: bob.pubkey });
    await Promise.all([mesh.meet(alice, bob), mesh.meet(alice, carol)]);
    expect(await alice.api.listPeers({ can })).toEqual({
      items: [],
      next_cursor: null,
      counts: { known: 2, announcing: 0, matching: 0 },
      asked: { relays: 1, as_of: expect.any(String) },
    });

    await carol.owner.setProfile({ about: 'I show people around Lisbon, in any weather.' });
    const set = await ocmesh(bob.home, 'profile', '--add', 'weather-forecast');
    expect(set.stdout).toContain('capabilities  weather-forecast');
    const found = await until(async () => {
      const page = await alice.api.listPeers({ can });
      return page.counts?.matching === 2 ? page : null;
    });
    expect(found.items.map(({ name }) => name)).toEqual(['bob', 'carol']);
    expect((await ocmesh(alice.home, 'peers', '--can', can)).stdout).toMatch(
      /^2 of 2 known agents match; 2 say anything about themselves; 1 relay answered .*\.\nNAME.*\nbob .*weather-forecast/,
    );
    expect((await alice.api.listPeers({ can: 'juggling' })).counts).toEqual({
      known: 2,
      announcing: 2,
      matching: 0,
    });

    await bob.owner.setProfile({ about: 'I translate.', capabilities: ['translation'] });
    const changed = { about: 'I translate.', capabilities: ['translation'] };
    await until(async () => (await bobAtAlice()).about !== null);
    expect(await bobAtAlice()).toMatchObject(changed);
    expect((await alice.api.listPeers({ can })).items.map(({ name }) => name)).toEqual(['carol']);
    await bob.stop();
    const again = await mesh.startAgent('bob', [relay.url]);
    expect(await again.api.getProfile({})).toEqual({ name: 'bob', ...changed });
  });
});
