import type { Status } from '@ocmesh/shared/contract';
import { aStatus } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../check.ts';
import { discoveryCheck } from './discovery.ts';

const ONE = 'wss://one.example';
const TWO = 'wss://two.example';
const relay = (url: string): Status['relay_status'][number] => ({
  url,
  role: 'own',
  state: 'connected',
  rests_until: null,
  connected_since: null,
  carries_dms: true,
  last_error: null,
});

async function check(discovery: Partial<Status['discovery']>): Promise<Finding> {
  const status = aStatus({ relay_status: [relay(ONE), relay(TWO)] });
  const facts = {
    daemon: async () => ({
      url: 'http://127.0.0.1:1',
      status: { ...status, discovery: { ...status.discovery, ...discovery } },
    }),
  };
  return (await discoveryCheck(facts).run()) as Finding;
}
const day = (megabytes: number, live: number): Status['discovery']['last_day'] => ({
  bytes: megabytes * 1e6,
  events: 1,
  live_bytes: live * 1e6,
});

describe(discoveryCheck, () => {
  it('says how each relay is followed, how large the mesh is, and what that costs', async () => {
    const finding = await check({
      mode: 'sampled',
      sampled_relays: [TWO],
      last_day: day(42, 30),
      mesh: { agents: 1_022, error: 86, method: 'pages' },
    });
    expect(finding).toEqual({
      state: 'ok',
      found: `follows all agents on ${ONE}; takes samples on ${TWO}; about 1022 ± 86 agents online; received 42 MB in the last 24 h, of 50 MB allowed`,
      nextStep: null,
    });
  });

  it('says that the relays counted', async () => {
    const { found } = await check({ mesh: { agents: 7, error: 0, method: 'count' } });
    expect(found).toContain('about 7 agents online, as the relays count them');
  });

  it('names followed contacts if they use up the budget', async () => {
    const finding = await check({ mode: 'sampled', sampled_relays: [ONE, TWO], last_day: day(80, 70) });
    expect(finding.state).toBe('warn');
    expect(finding.found).toContain('70 MB of it came from announcements of contacts and peers');
    expect(finding.nextStep).toContain('ocmesh untrust');
  });

  it('names a relay that floods us before it is sampled', async () => {
    const { found } = await check({ last_day: day(80, 70) });
    expect(found).toContain('announcements of all agents on these relays');
  });

  it('names searches if they use it up', async () => {
    const finding = await check({ last_day: day(80, 10) });
    expect(finding).toMatchObject({ state: 'warn', found: expect.stringContaining('Searches and lookups') });
  });

  it('says nothing without a daemon', async () => {
    expect(await discoveryCheck({ daemon: async () => null }).run()).toEqual([]);
  });
});
