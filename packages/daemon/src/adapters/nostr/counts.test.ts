import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createCounts } from './counts.ts';

function counting() {
  const clock = createFakeClock();
  const frames: string[] = [];
  const counts = createCounts({ clock, send: (frame) => frames.push(frame) > 0 });
  return { clock, frames, counts };
}
const answer = { count: 3, isApproximate: false, registers: null };

test('asks with a filter, and takes the answer with the same id', async () => {
  const { frames, counts } = counting();
  const result = counts.count({ kinds: [31337] });
  expect(JSON.parse(frames[0] ?? '')).toEqual(['COUNT', 'c1', { kinds: [31337] }]);
  expect(counts.onCount('c2', answer)).toBe(false);
  expect(counts.onCount('c1', answer)).toBe(true);
  expect(await result).toBe(answer);
  expect(counts.onCount('c1', answer)).toBe(false);
});

test.each([
  ['that refuses', (counts: ReturnType<typeof createCounts>) => counts.onClosed('c1')],
  ['whose connection closes', (counts: ReturnType<typeof createCounts>) => counts.close()],
])('gets null of a relay %s', async (_, happen) => {
  const { counts } = counting();
  const result = counts.count({});
  happen(counts);
  expect(await result).toBeNull();
});

test('gets null of a relay that does not answer in time', async () => {
  const { clock, counts } = counting();
  const result = counts.count({});
  await clock.advance(5_001);
  expect(await result).toBeNull();
});
