import { createChecker, type Operation, openApiDocument, operations } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { createTestMesh, startTwo, type TestAgent } from './support/test-agent.ts';

/** Returns the samples by name with labels. */
async function scrape(agent: TestAgent): Promise<Record<string, number>> {
  const text = await agent.getMetrics({});
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

test('counts messages and relays by state, peers, and what is left in the outbox', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const { alice, bob } = await startTwo(world);
  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'hello' });
  await world.clock.advance(1_000);
  await bob.markRead({ id });
  await world.clock.advance(1_000);
  expect(await scrape(alice)).toMatchObject({
    'ocmesh_messages{state="queued"}': 0,
    'ocmesh_messages{state="read"}': 1,
    'ocmesh_messages{state="received"}': 0,
    'ocmesh_relays{state="connected"}': 2,
    'ocmesh_relays{state="auth_failed"}': 0,
    ocmesh_peers_online: 1,
    ocmesh_peers_known: 1,
    ocmesh_outbox_depth: 0,
    ocmesh_degraded: 0,
  });
  expect(await scrape(bob)).toMatchObject({
    'ocmesh_messages{state="received"}': 1,
    'ocmesh_messages{state="read"}': 0,
  });

  alice.network.disconnect('wss://one.test');
  alice.network.disconnect('wss://two.test');
  await alice.sendMessage({ to: bob.pubkey, content: 'no relay gets this one' });
  await world.clock.advance(20_000);
  expect(await scrape(alice)).toMatchObject({
    'ocmesh_messages{state="queued"}': 1,
    'ocmesh_relays{state="connected"}': 0,
    'ocmesh_relays{state="disconnected"}': 2,
    ocmesh_outbox_depth: 1,
    ocmesh_degraded: 1,
  });
});

test('counts every event from relays, and refused ones by reason', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const { alice } = await startTwo(world);
  const before = await scrape(alice);
  const eve = world.fakePeer('eve');
  const forged = { ...eve.presence(), sig: '0'.repeat(128) };
  world.relay.push(forged);
  await world.clock.advance(100);
  const after = await scrape(alice);
  const grew = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
  expect(grew('ocmesh_relay_events_total')).toBe(1);
  expect(grew('ocmesh_refused_total{reason="bad_signature"}')).toBe(1);
  expect(after['ocmesh_refused_total{reason="duplicate"}']).toBeGreaterThan(0);
});

test('reports the version, the size of the store and the state of the process', async () => {
  const world = createTestMesh('wss://one.test');
  const agent = await world.start();
  const { daemon_version } = await agent.getStatus({});
  const samples = await scrape(agent);
  expect(samples[`ocmesh_info{version="${daemon_version}"}`]).toBe(1);
  for (const name of [
    'ocmesh_journal_bytes',
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
    'nodejs_heap_size_used_bytes',
  ])
    expect(samples[name], name).toBeGreaterThan(0);
  for (const quantile of ['0.5', '0.99', '1'])
    expect(samples[`ocmesh_event_loop_lag_seconds{quantile="${quantile}"}`]).toBeGreaterThanOrEqual(0);
  expect(samples['process_start_time_seconds']).toBeCloseTo(world.clock.now() / 1000, -3);
});

test('contains no key, name, relay or message text', async () => {
  const world = createTestMesh('wss://one.test');
  const { alice, bob } = await startTwo(world);
  await alice.sendMessage({ to: bob.pubkey, content: 'a secret' });
  await world.clock.advance(1_000);
  const text = await alice.getMetrics({});
  for (const part of [alice.pubkey, bob.pubkey, 'one.test', 'a secret', 'bob'])
    expect(text).not.toContain(part);
});

test('every response matches its schema in openapi.json', async () => {
  const world = createTestMesh('wss://one.test');
  const { alice, bob } = await startTwo(world);
  await alice.sendMessage({ to: bob.pubkey, content: 'hello' });
  await world.clock.advance(1_000);
  expect(await alice.getOpenApi({})).toEqual(openApiDocument((await alice.getStatus({})).daemon_version));
  const calls = ['getHealth', 'getStatus', 'getIdentity', 'listRelays', 'listPeers', 'listMessages'] as const;
  for (const name of calls) {
    const row: Operation = operations[name];
    const answer: unknown = await bob[name]({});
    const body = row.page ? (answer as { items: unknown }).items : answer;
    expect(createChecker(row.output)(JSON.parse(JSON.stringify(body))), name).toMatchObject({ ok: true });
  }
});
