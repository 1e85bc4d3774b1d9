import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCapsule } from './capsule.ts';
import { createPlan } from './plan/create-plan.ts';
import { smallMesh } from './plan/scenario.ts';
import { simulate } from './run.ts';

const capsules = join(import.meta.dirname, '../capsules');

test('a seed has one history', async () => {
  const plan = createPlan(7, smallMesh);
  expect(createPlan(7, smallMesh)).toEqual(plan);
  const [one, other] = [await simulate(plan), await simulate(plan)];
  expect(one.hash).toBe(other.hash);
  expect(one.counts.get('messages shown')).toBeGreaterThan(10);
  expect((await simulate(createPlan(8, smallMesh))).hash).not.toBe(one.hash);
});

// Fixed, so that what fails here is the change; `pnpm soak simulate` tries many new ones.
test.each([11, 12, 13, 14])('everything that always holds, holds with seed %i', async (seed) => {
  const { violations } = await simulate(createPlan(seed, smallMesh));
  expect(violations).toEqual([]);
});

// New seeds are for `pnpm soak simulate`: until thousands in a row are clean, one here would fail changes that have nothing to do with it.
test.runIf(process.env['SEED'])('everything that always holds, holds with the seed in SEED', async () => {
  const seed = Number(process.env['SEED']);
  const { violations } = await simulate(createPlan(seed, smallMesh));
  expect(violations, `Replay it: pnpm simulate --small --seed ${seed}`).toEqual([]);
});

test.each(readdirSync(capsules).filter((file) => file.endsWith('.json')))(
  'what %s found does not come back',
  async (file) => {
    const { violations } = await simulate(readCapsule(join(capsules, file)).plan);
    expect(violations).toEqual([]);
  },
);
