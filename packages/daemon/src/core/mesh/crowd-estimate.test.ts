import { kinds, type NostrEvent, presenceEvent } from '@ocmesh/shared/wire';
import { createSeededRandom } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createCrowdEstimate } from './crowd-estimate.ts';

const NOW = 1_800_000_000;
const random = createSeededRandom(7);
const unit = (): number => Buffer.from(random.bytes(4)).readUInt32BE() / 2 ** 32;

interface CrowdOptions {
  readonly everySec: number;
  readonly says?: boolean;
  /** It announces itself on so many of its relays. */
  readonly copies?: readonly [number, number];
}

/** The stored presences of agents that announce themselves this often, as a relay has them at a random moment. */
const crowd = (count: number, { everySec, says = true, copies }: CrowdOptions): NostrEvent[] =>
  Array.from({ length: count }, () => {
    const createdAtSec = NOW - Math.floor(unit() * everySec);
    const draft = presenceEvent({
      kind: kinds.presence,
      createdAtSec,
      lifetimeSec: everySec * 3,
      version: '0.3.0',
      name: null,
      features: [],
      status: 'online',
      instance: 'x',
    });
    const tags = draft.tags.filter(([name]) => says || name !== 'expiration');
    if (copies) tags.push(['copies', ...copies.map(String)]);
    return { ...draft, tags } as unknown as NostrEvent;
  });

function estimate(events: readonly NostrEvent[], limit: number, samples = 1, windowSec = 900) {
  const estimator = createCrowdEstimate();
  for (let n = 0; n < samples; n++) {
    const newest = [...events].sort((a, b) => b.created_at - a.created_at).slice(0, limit);
    const isCut = newest.length < events.length;
    const sinceSec = isCut ? (newest.at(-1)?.created_at ?? NOW) - 0.5 : NOW - windowSec;
    const whole = isCut ? newest.slice(0, -1) : newest;
    estimator.add({ events: whole, bytes: newest.length * 600, rows: newest.length, sinceSec, nowSec: NOW });
  }
  return estimator.current();
}

test('is unknown before the first sample', () => {
  expect(createCrowdEstimate().current()).toBeNull();
});

test('is exact where a page holds all', () => {
  expect(estimate(crowd(42, { everySec: 300 }), 500)?.onRelay).toEqual({ agents: 42, error: 0 });
  expect(estimate([], 500)?.onRelay).toEqual({ agents: 0, error: 0 });
});

test.each([
  ['1,000 agents', 1_000, { everySec: 300 }],
  ['1,000 agents of the deployed mesh', 1_000, { everySec: 300, says: false }],
  ['10,000 agents that announce themselves seldom', 10_000, { everySec: 1_200 }],
  ['100,000 agents', 100_000, { everySec: 3_600 }],
] as const)('finds %s from the newest 500, within its error', (_, count, options) => {
  const found = estimate(crowd(count, options), 500)?.onRelay;
  expect(found?.error).toBeGreaterThan(0);
  expect(found?.error).toBeLessThan(count * 0.2);
  expect(Math.abs((found?.agents ?? 0) - count)).toBeLessThan(2 * (found?.error ?? 0));
});

test('counts both the patient and the impatient of a mixed mesh', () => {
  const mixed = [...crowd(1_000, { everySec: 300, says: false }), ...crowd(4_000, { everySec: 1_200 })];
  const found = estimate(mixed, 500)?.onRelay;
  expect(Math.abs((found?.agents ?? 0) - 5_000)).toBeLessThan(2 * (found?.error ?? 0));
});

test('the mesh is larger than what one relay has, if agents say that they are on some relays only', () => {
  const found = estimate(crowd(4_000, { everySec: 3_600, copies: [2, 5] }), 500);
  expect(Math.abs((found?.inMesh.agents ?? 0) - 10_000)).toBeLessThan(2 * (found?.inMesh.error ?? 0));
  expect(Math.abs((found?.onRelay.agents ?? 0) - 4_000)).toBeLessThan(2 * (found?.onRelay.error ?? 0));
});

test.each([
  ['0', '5'],
  ['1', '1000000'],
  ['x', '5'],
  ['-1', '5'],
  ['5', '2'],
  ['1', '0'],
])('does not believe that an agent is on %s of %s relays', (copies, relays) => {
  const events = crowd(10, { everySec: 300 }).map((event) => ({
    ...event,
    tags: [...event.tags, ['copies', copies, relays]],
  }));
  expect(estimate(events, 500)?.inMesh.agents).toBe(10);
});

test('a presence whose author is gone does not count', () => {
  const gone = crowd(50, { everySec: 300, says: false }).map((event) => ({
    ...event,
    created_at: NOW - 800,
  }));
  expect(estimate([...gone, ...crowd(10, { everySec: 300 })], 500)?.onRelay.agents).toBe(10);
});
