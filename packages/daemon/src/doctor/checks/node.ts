import { versionProblem } from '../../service/node-path.ts';
import { type Check, fail, ok } from '../check.ts';
import type { Surroundings } from '../probes/environment.ts';

export const nodeCheck = ({ nodeVersion }: Pick<Surroundings, 'nodeVersion'>): Check => ({
  id: 'node',
  what: 'Node.js',
  why: 'ocmesh uses what older versions do not have.',
  look() {
    const problem = versionProblem(nodeVersion);
    return problem === null ? ok(nodeVersion) : fail(problem, 'Install a newer Node.js.');
  },
});
