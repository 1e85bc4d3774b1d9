import { createSeededRandom } from '@ocmesh/testkit';

/** Chance for one test: the seed is printed, and `SEED` repeats a run. */
export function seededChance(title: string) {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);
  console.log(`${title}: seed ${seed}`);
  return createChance(seed);
}

export function createChance(seed: number) {
  const { unit } = createSeededRandom(seed);
  /** A whole number from 0 up to and without `below`. */
  const below = (bound: number): number => Math.floor(unit() * bound);
  return {
    below,
    /** Whether something of this probability happens. */
    happens: (probability: number): boolean => unit() < probability,
    pick: <T>(choices: readonly T[]): T => choices[below(choices.length)] as T,
  };
}

export type Chance = ReturnType<typeof createChance>;
