import { limits, validateInput } from '@ocmesh/shared/contract';
import { injectionCorpus } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { meshLimits } from '../src/core/mesh/limits.ts';
import type { PresenceClaims } from './support/fake-peer.ts';
import { createTestMesh, settle, type TestAgent, type TestMesh } from './support/test-agent.ts';

/** Peers by name, each with what its presence says. */
async function withPeers(peers: Readonly<Record<string, PresenceClaims>>) {
  const world = createTestMesh();
  const agent = await world.start();
  const keys = new Map<string, string>();
  for (const [name, claims] of Object.entries(peers)) {
    const peer = world.fakePeer(name);
    keys.set(peer.pubkey, name);
    world.relay.push(peer.presence(claims));
  }
  await settle(world.clock);
  const names = (pubkeys: readonly { pubkey: string }[]) => pubkeys.map(({ pubkey }) => keys.get(pubkey));
  return { world, agent, names };
}

/** Searches, and lets the relays answer. */
async function search(world: TestMesh, agent: TestAgent, query: Record<string, unknown>) {
  const found = agent.listPeers(validateInput('listPeers', { ...query }));
  await settle(world.clock);
  return found;
}

const labelQueries = (world: TestMesh) => world.relay.queries.filter((filter) => filter['#l']);

describe('a search for what peers can do', () => {
  const mesh = {
    bob: { capabilities: ['weather-forecast', 'sunset'] },
    carol: { capabilities: ['weather'], about: 'Météo.' },
    dave: { name: 'Weather Dave', capabilities: [] },
    erin: { about: 'I look after the garden, in any weather.', capabilities: ['gardening'] },
    frank: { capabilities: ['chess'] },
    grace: {},
  } as const;

  test('finds the best first, and says how many were searched and how many say anything', async () => {
    const { world, agent, names } = await withPeers(mesh);
    const found = await search(world, agent, { can: 'Weather forecast for Lisbon' });
    expect(names(found.items)[0]).toBe('bob');
    expect(names(found.items).slice().sort()).toEqual(['bob', 'carol', 'dave', 'erin']);
    expect(found.counts).toEqual({ known: 6, announcing: 4, matching: 4 });
    expect(names((await search(world, agent, { can: 'METEO' })).items)).toEqual(['carol']);
  });

  test('that finds nobody says how many announce anything at all', async () => {
    const { world, agent } = await withPeers(mesh);
    const { items, counts, next_cursor } = await search(world, agent, { can: 'juggling' });
    expect({ items, counts, next_cursor }).toEqual({
      items: [],
      counts: { known: 6, announcing: 4, matching: 0 },
      next_cursor: null,
    });
  });

  test('is the same every time, and its pages are the whole', async () => {
    const { world, agent, names } = await withPeers(mesh);
    const whole = names((await search(world, agent, { can: 'weather' })).items);
    expect(whole).toEqual(['carol', 'bob', 'dave', 'erin'].filter((name) => whole.includes(name)));
    const pages: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await search(world, agent, { can: 'weather', limit: '3', ...(cursor ? { cursor } : {}) });
      pages.push(...names(page.items));
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    expect(pages).toEqual(whole);
  });

  test('leaves out blocked peers unless it asks for them, and takes the other filters', async () => {
    const { world, agent, names } = await withPeers(mesh);
    const [bob] = (await search(world, agent, { can: 'weather-forecast' })).items;
    await agent.updatePeer({ pubkey: bob?.pubkey as string, trust: 'blocked' });
    const found = await search(world, agent, { can: 'weather' });
    expect(names(found.items)).not.toContain('bob');
    expect(found.counts?.known).toBe(5);
    expect(names((await search(world, agent, { can: 'weather', trust: 'blocked' })).items)).toEqual(['bob']);
    expect(names((await search(world, agent, { can: 'weather', capability: 'gardening' })).items)).toEqual([
      'erin',
    ]);
    expect((await search(world, agent, { can: 'weather', online: 'false' })).counts).toMatchObject({
      known: 0,
    });
  });

  test('returns twenty peers unless told otherwise', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 25 }, (_, n) => [`peer ${n}`, { capabilities: ['weather'] }]),
    );
    const { world, agent } = await withPeers(many);
    expect((await search(world, agent, { can: 'weather' })).items).toHaveLength(limits.http.foundPeers);
    expect((await search(world, agent, { can: 'weather', limit: '25' })).items).toHaveLength(25);
    expect(labelQueries(world)).toEqual([]);
  });

  test('survives whatever peers say', async () => {
    const hostile = Object.fromEntries(
      injectionCorpus().map((sample, n) => [
        `peer ${n}`,
        {
          name: sample.text.slice(0, 64),
          about: sample.text.slice(0, 500),
          capabilities: [sample.text, 'weather'],
        },
      ]),
    );
    const { world, agent } = await withPeers(hostile);
    const { items, counts } = await search(world, agent, { can: 'weather (.*)+$ [ \\' });
    expect(counts?.matching).toBe(counts?.known);
    expect(new Set(items.flatMap(({ capabilities }) => capabilities))).toEqual(new Set(['weather']));
  });
});

describe('if too few peers are known', () => {
  const hidden = { capabilities: ['weather-forecast'] };

  /** A peer whose presence a relay has, and did not send. */
  async function withHidden(claims: PresenceClaims = hidden) {
    const { world, agent } = await withPeers({ bob: { capabilities: ['weather'] } });
    const carol = world.fakePeer('carol');
    world.relay.keep(carol.presence(claims));
    return { world, agent, carol };
  }

  test('a search asks the relays by label, and finds who answers', async () => {
    const { world, agent, carol } = await withHidden();
    const { items, counts } = await search(world, agent, { can: 'Weather forecast for Lisbon' });
    expect(items[0]).toMatchObject({ pubkey: carol.pubkey, capabilities: ['weather-forecast'] });
    expect(counts).toEqual({ known: 2, announcing: 2, matching: 2 });
    expect(labelQueries(world)).toMatchObject([
      {
        kinds: [31337],
        '#d': ['ocmesh-presence'],
        '#l': expect.arrayContaining(['weather-forecast']),
        limit: 100,
      },
    ]);
  });

  test('a search does not ask for the next page, nor if enough are known', async () => {
    const { world, agent } = await withHidden();
    await search(world, agent, { can: 'weather', limit: '1' });
    const waited = agent.waitForMessages({ timeout_s: 0 });
    await settle(world.clock);
    const [, run] = (await waited).cursor.split('-');
    const place = `1-${'a'.repeat(64)}`;
    await search(world, agent, { can: 'weather', cursor: `${place}.${run}` });
    await expect(agent.listPeers({ can: 'weather', cursor: place })).rejects.toMatchObject({
      code: 'cursor_unknown',
    });
    expect(labelQueries(world)).toEqual([]);
  });

  test('searches ask a few times a minute, however many there are', async () => {
    const { world, agent } = await withHidden();
    for (let n = 0; n < 50; n++) await search(world, agent, { can: 'juggling' });
    expect(labelQueries(world)).toHaveLength(meshLimits.search.burst);
    await world.clock.advance(60_000);
    for (let n = 0; n < 50; n++) await search(world, agent, { can: 'juggling' });
    expect(labelQueries(world)).toHaveLength(2 * meshLimits.search.burst);
  });

  test('the result says how many relays were asked, and how old that is', async () => {
    const { world, agent } = await withHidden();
    const atMs = world.clock.now();
    const first = await search(world, agent, { can: 'juggling' });
    expect(first.asked).toEqual({ relays: 1, as_of: new Date(atMs).toISOString() });
    for (let n = 1; n < meshLimits.search.burst; n++) await search(world, agent, { can: 'chess' });
    await world.clock.advance(2_000);
    // Too many searches: what the relays sent before is still there, and has its age.
    expect((await search(world, agent, { can: 'juggling' })).asked).toEqual(first.asked);
    expect((await search(world, agent, { can: 'dancing' })).asked).toBeUndefined();
    expect((await search(world, agent, { can: 'weather', limit: '1' })).asked).toBeUndefined();
  });

  test('a relay that does not answer does not count as asked', async () => {
    const { world, agent } = await withHidden();
    world.relay.completes = false;
    expect((await search(world, agent, { can: 'juggling' })).asked).toMatchObject({ relays: 0 });
  });

  test('a relay that can search by words is asked so, in any script', async () => {
    const { world, agent, carol } = await withHidden({ about: 'прогноз погоды', capabilities: [] });
    world.relay.info = { supportedNips: [1, 11, 50], limitation: {} };
    const { items, asked } = await search(world, agent, { can: 'прогноз погоды' });
    expect(items.map(({ pubkey }) => pubkey)).toEqual([carol.pubkey]);
    expect(asked).toMatchObject({ relays: 1 });
    expect(world.relay.queries.filter((filter) => filter.search)).toMatchObject([
      { kinds: [31337], '#d': ['ocmesh-presence'], search: 'прогноз погоды', limit: 100 },
    ]);
  });

  test('a name is asked for in a large mesh only', async () => {
    const { world, agent } = await withHidden({ name: 'Carol Weather' });
    expect((await search(world, agent, { q: 'carol weather' })).items).toEqual([]);
    expect(labelQueries(world)).toEqual([]);
  });

  test('a question without a word that relays could index asks nobody', async () => {
    const { world, agent } = await withHidden();
    await search(world, agent, { can: 'прогноз погоды' });
    expect(labelQueries(world)).toEqual([]);
  });

  test('a presence that is forged or expired is not found', async () => {
    const { world, agent, carol } = await withHidden({ ...hidden, expiration: 1 });
    const dave = world.fakePeer('dave').presence(hidden);
    world.relay.keep({ ...dave, created_at: dave.created_at + 1 });
    const { counts } = await search(world, agent, { can: 'weather forecast' });
    expect(counts).toEqual({ known: 1, announcing: 1, matching: 1 });
    await expect(agent.peer(carol.pubkey)).rejects.toMatchObject({ code: 'peer_unknown' });
  });

  test('a relay that ignores the limit is read only so far', async () => {
    const { world, agent } = await withPeers({});
    for (let n = 0; n < 120; n++) world.relay.keep(world.fakePeer(`peer ${n}`).presence(hidden));
    world.relay.maxRows = 500;
    const find = world.relay.queries.push.bind(world.relay.queries);
    world.relay.queries.push = (...filters) => {
      for (const filter of filters) Reflect.deleteProperty(filter, 'limit');
      return find(...filters);
    };
    const { counts } = await search(world, agent, { can: 'weather forecast' });
    expect(counts?.known).toBeLessThanOrEqual(meshLimits.search.rowsPerRelay);
    expect(counts?.known).toBeGreaterThan(0);
  });

  test('a relay that never answers delays the caller for two seconds at most', async () => {
    const { world, agent } = await withHidden();
    agent.network.query = () => new Promise(() => {});
    let isDone = false;
    const found = agent.listPeers({ can: 'weather' }).finally(() => {
      isDone = true;
    });
    await world.clock.advance(meshLimits.search.waitMs - 1);
    expect(isDone).toBe(false);
    await world.clock.advance(1);
    expect((await found).items).toHaveLength(1);
  });

  test('without a connection a search answers with what is known', async () => {
    const { world, agent } = await withHidden();
    agent.network.disconnect();
    expect((await agent.listPeers({ can: 'weather' })).items).toHaveLength(1);
    expect(labelQueries(world)).toEqual([]);
  });
});
