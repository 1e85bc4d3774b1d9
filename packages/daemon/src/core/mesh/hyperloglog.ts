/** Smallest mean at which the plain formula is better than counting empty registers (Flajolet et al., 2007). */
const SMALL_RANGE = 2.5;

/** Returns how many different authors the registers of a COUNT stand for (HyperLogLog, NIP-45). */
export function estimateDistinct(registers: readonly number[]): number {
  const size = registers.length;
  const alpha = 0.7213 / (1 + 1.079 / size);
  const raw = (alpha * size ** 2) / registers.reduce((sum, register) => sum + 2 ** -register, 0);
  const empty = registers.filter((register) => register === 0).length;
  return Math.round(raw <= SMALL_RANGE * size && empty > 0 ? size * Math.log(size / empty) : raw);
}

/** Returns the registers of all authors of both. */
export const mergeRegisters = (one: readonly number[], other: readonly number[]): number[] =>
  one.map((register, n) => Math.max(register, other[n] ?? 0));
