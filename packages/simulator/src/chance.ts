import { createHash } from 'node:crypto';
import { createSeededRandom } from '../../testkit/src/seeded-random.ts';

/** Seeded randomness. */
export interface Chance {
  /** Returns an integer from 0 to `bound` - 1. */
  below(bound: number): number;
  /** Returns a number in [from, to). */
  between(from: number, to: number): number;
  happens(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
  unit(): number;
  bytes(count: number): Uint8Array;
  /** Returns randomness of its own for this name, so that what others take does not change it. */
  fork(name: string): Chance;
}

export function createChance(seed: string): Chance {
  const { unit, bytes } = createSeededRandom(createHash('sha256').update(seed).digest().readUInt32BE(0));
  const below = (bound: number): number => Math.floor(unit() * bound);
  return {
    below,
    between: (from, to) => from + unit() * (to - from),
    happens: (probability) => unit() < probability,
    pick: <T>(choices: readonly T[]) => choices[below(choices.length)] as T,
    unit,
    bytes,
    fork: (name) => createChance(`${seed}/${name}`),
  };
}
