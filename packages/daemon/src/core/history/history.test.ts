import { dayMs, minuteMs } from '@ocmesh/shared/ambient';
import type { RelayState } from '@ocmesh/shared/contract';
import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import type { RelayNetwork, RelaySnapshot } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { createHistory } from './history.ts';
import { historyLimits } from './limits.ts';

function setUp() {
  const clock = createFakeClock();
  const relays = new Map<
    string,
    { state: RelayState; roundTripMs: number | null; role: 'own' | 'foreign' }
  >();
  const values = { online: 0, memory: 50_000_000 };
  const history = createHistory(
    {
      clock,
      network: {
        relays: () => [...relays].map(([url, relay]) => ({ url, ...relay }) as RelaySnapshot),
      } as Pick<RelayNetwork, 'relays'> as RelayNetwork,
      store: {
        peek: (look: (tables: unknown) => number) => look({ peers: { countOnline: () => values.online } }),
      } as unknown as Store,
      memoryBytes: () => values.memory,
    },
    { onlineWindowMs: 1 },
  );
  history.start();
  return { clock, relays, values, history };
}

test('takes a point each minute, with what happened since the one before', async () => {
  const { clock, relays, values, history } = setUp();
  relays.set('wss://a.test', { state: 'connected', roundTripMs: 12.4, role: 'own' });
  relays.set('wss://b.test', { state: 'disconnected', roundTripMs: 90, role: 'own' });
  relays.set('wss://peer.test', { state: 'connected', roundTripMs: 5, role: 'foreign' });
  values.online = 3;
  const received = { type: 'message.received', id: 'm', peer: 'p' as never, arrival: 1 } as const;
  history.onEvent(received);
  history.onEvent(received);
  history.onEvent({ type: 'message.state', id: 'n', eventId: 'e', state: 'published' });
  history.onEvent({ type: 'message.state', id: 'n', eventId: 'e', state: 'delivered' });
  expect(history.read()).toEqual({ interval_seconds: 60, points: [] });
  await clock.advance(minuteMs);
  await clock.advance(minuteMs);
  const point = {
    peers_online: 3,
    relays_connected: 1,
    round_trip_ms: { 'wss://a.test': 12, 'wss://b.test': null },
    memory_bytes: 50_000_000,
  };
  const now = Math.floor(clock.now() / 1000);
  expect(history.read().points).toEqual([
    { ...point, at: now - 60, messages_in: 2, messages_out: 1 },
    { ...point, at: now, messages_in: 0, messages_out: 0 },
  ]);
});

test('keeps one day, the oldest point first', async () => {
  const { clock, values, history } = setUp();
  await clock.advance(dayMs);
  values.online = 7;
  for (let i = 0; i < 10; i++) await clock.advance(minuteMs);
  const { points } = history.read();
  expect(points).toHaveLength(historyLimits.points);
  expect(points.map(({ at }) => at)).toEqual([...points.map(({ at }) => at)].sort((a, b) => a - b));
  expect(points.filter(({ peers_online }) => peers_online === 7)).toHaveLength(10);
  expect(points.at(-1)?.at).toBe(Math.floor(clock.now() / 1000));
});

test('knows a relay only for the time that it was on the list', async () => {
  const { clock, relays, history } = setUp();
  relays.set('wss://a.test', { state: 'connected', roundTripMs: 10, role: 'own' });
  await clock.advance(minuteMs);
  relays.delete('wss://a.test');
  relays.set('wss://b.test', { state: 'connected', roundTripMs: 1e9, role: 'own' });
  await clock.advance(minuteMs);
  expect(history.read().points.map(({ round_trip_ms }) => round_trip_ms)).toEqual([
    { 'wss://a.test': 10 },
    { 'wss://b.test': 65_533 },
  ]);
});

test('forgets the relays that were removed longest ago, and never one of the list', async () => {
  const { clock, relays, history } = setUp();
  const add = (n: number) =>
    relays.set(`wss://${n}.test`, { state: 'connected', roundTripMs: n, role: 'own' });
  add(1000);
  for (let i = 0; i < historyLimits.relays + 5; i++) {
    add(i);
    await clock.advance(minuteMs);
    relays.delete(`wss://${i}.test`);
  }
  const known = history.read().points.map(({ round_trip_ms }) => Object.keys(round_trip_ms).length);
  expect(known.slice(0, 6)).toEqual(Array(6).fill(1));
  expect(known.slice(6)).toEqual(Array(historyLimits.relays - 1).fill(2));
});

test('takes nothing after a stop', async () => {
  const { clock, history } = setUp();
  history.stop();
  await clock.advance(10 * minuteMs);
  expect(history.read().points).toEqual([]);
});
