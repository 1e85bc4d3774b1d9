import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '@ocmesh/shared/ambient';

const STEPS = 2 ** 47;

export const createSystemRandom = (): Random => ({
  bytes: (count) => new Uint8Array(randomBytes(count)),
  unit: () => randomInt(STEPS) / STEPS,
});
