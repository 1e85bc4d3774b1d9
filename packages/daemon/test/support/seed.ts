import { createSeededRandom } from '@ocmesh/testkit';

/** Seeded randomness for one test. Prints the seed; `SEED` repeats a run. */
export function seededChance(title: string) {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);
  console.log(`${title}: seed ${seed}`);
  return createChance(seed);
}

export function createChance(seed: number) {
  const { unit } = createSeededRandom(seed);
  /** Returns an integer from 0 to `below` - 1. */
  const below = (bound: number): number => Math.floor(unit() * bound);
  return {
    below,
    /** Returns true with this probability. */
    happens: (probability: number): boolean => unit() < probability,
    pick: <T>(choices: readonly T[]): T => choices[below(choices.length)] as T,
  };
}

export type Chance = ReturnType<typeof createChance>;
