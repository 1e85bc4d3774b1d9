import { createFakeClock, createSeededRandom } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import type { CountResult, RelayNetwork } from '../ports/relay-network.ts';
import { combineCounts, createCountPresences, withCount } from './count-presences.ts';
import type { Crowd } from './crowd-estimate.ts';
import { estimateDistinct, mergeRegisters } from './hyperloglog.ts';

const MINUTE = 60_000;
const URL = 'wss://one.test';
const exact = (count: number): CountResult => ({ count, isApproximate: false, registers: null });

const crowdOf = (agents: number, error: number): Crowd => ({
  onRelay: { agents, error },
  inMesh: { agents: 2 * agents, error: 2 * error },
  perSecond: 1,
  eventBytes: 600,
  everySec: 300,
  method: 'pages',
});

/** Registers as a relay makes them of keys: the byte says which one, the zeros behind it how rare the key is (NIP-45). */
function registersOf(keys: readonly Uint8Array[]): number[] {
  const registers = Array.from({ length: 256 }, () => 0);
  for (const key of keys) {
    const bits = [...key.slice(1)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const [register = 0] = key;
    registers[register] = Math.max(registers[register] ?? 0, bits.indexOf('1') + 1);
  }
  return registers;
}

function randomKeys(count: number, seed: number): Uint8Array[] {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, () => random.bytes(8));
}

test.each([10, 200, 5_000, 60_000])('registers of %i keys tell their number within 20 %%', (count) => {
  const estimate = estimateDistinct(registersOf(randomKeys(count, 3)));
  expect(Math.abs(estimate - count)).toBeLessThanOrEqual(Math.max(2, count / 5));
});

test('keys that are on two relays are counted once', () => {
  const all = randomKeys(3_000, 5);
  const [one, two] = [registersOf(all.slice(0, 2_000)), registersOf(all.slice(1_000))];
  expect(mergeRegisters(one, two)).toEqual(registersOf(all));
  const counted = (registers: number[]) => ({ count: 2_000, isApproximate: false, registers });
  const combined = combineCounts([
    { crowd: crowdOf(2_000, 300), counted: counted(one) },
    { crowd: crowdOf(2_000, 300), counted: counted(two) },
  ]);
  expect(Math.abs((combined?.agents ?? 0) - 3_000)).toBeLessThanOrEqual(combined?.error ?? 0);
});

test('registers that stand for many more agents than the page shows are left out', () => {
  const honest = { count: 2_000, isApproximate: false, registers: registersOf(randomKeys(2_000, 7)) };
  const liar = { count: 2_000, isApproximate: false, registers: Array.from({ length: 256 }, () => 250) };
  const crowd = crowdOf(2_000, 300);
  expect(
    combineCounts([
      { crowd, counted: honest },
      { crowd, counted: liar },
    ]),
  ).toBeNull();
});

test('a count that fits the page replaces its estimate, with the share of the mesh that the page shows', () => {
  expect(withCount(crowdOf(1_000, 200), exact(1_150))).toMatchObject({
    method: 'count',
    onRelay: { agents: 1_150, error: 0 },
    inMesh: { agents: 2_300 },
  });
});

test('a count by a relay that estimates has an error', () => {
  const { onRelay } = withCount(crowdOf(1_000, 200), { ...exact(1_000), isApproximate: true });
  expect(onRelay).toEqual({ agents: 1_000, error: 130 });
});

test.each([0, 400, 1_900, 1e12])('a count of %i where the page shows 1,000 is ignored', (count) => {
  const crowd = crowdOf(1_000, 200);
  expect(withCount(crowd, exact(count))).toBe(crowd);
});

function counting(answer: () => CountResult | null, nips = [1, 11, 45]) {
  const clock = createFakeClock();
  let asked = 0;
  const network = {
    relays: () => [{ url: URL, info: { supportedNips: nips, limitation: {} } }],
    count: async () => {
      asked++;
      return answer();
    },
  } as unknown as RelayNetwork;
  const counts = createCountPresences({ network, clock, onReceived: () => {} });
  return { clock, counts, count: () => counts.count(URL, 0), asked: () => asked };
}

test('a relay is asked every ten minutes, and its answer counts for thirty', async () => {
  const { clock, counts, count, asked } = counting(() => exact(7));
  await count();
  await count();
  expect([asked(), counts.of(URL)?.count]).toEqual([1, 7]);
  await clock.advance(11 * MINUTE);
  await count();
  expect(asked()).toBe(2);
  await clock.advance(31 * MINUTE);
  expect(counts.of(URL)).toBeNull();
});

test('a relay that refuses a COUNT or does not answer it is not asked again for a day', async () => {
  const { clock, count, asked } = counting(() => null);
  await count();
  await clock.advance(23 * 60 * MINUTE);
  await count();
  expect(asked()).toBe(1);
  await clock.advance(61 * MINUTE);
  await count();
  expect(asked()).toBe(2);
});

test('a relay that does not name NIP-45 is not asked', async () => {
  const { count, asked } = counting(() => exact(7), [1, 11]);
  await count();
  expect(asked()).toBe(0);
});
