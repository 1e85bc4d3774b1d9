import { type Check, fail, ok } from './check.ts';
import type { Surroundings } from './surroundings.ts';

const LEAST = [20, 19] as const;

/** @param version as `20.19.0` */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

export const leastNode = LEAST.join('.');

export const nodeCheck = ({ nodeVersion }: Pick<Surroundings, 'nodeVersion'>): Check => ({
  id: 'node',
  what: 'Node.js',
  why: 'ocmesh uses what older versions do not have.',
  look: () =>
    isNewEnough(nodeVersion)
      ? ok(nodeVersion)
      : fail(`${nodeVersion} is too old`, `Install Node.js ${leastNode} or newer.`),
});
