import { versionProblem } from '../../service/node-path.ts';
import { type Check, fail, ok } from '../check.ts';
import type { Environment } from '../probes/environment.ts';

export const nodeCheck = ({ nodeVersion }: Pick<Environment, 'nodeVersion'>): Check => ({
  id: 'node',
  what: 'Node.js',
  why: 'ocmesh needs features that older versions lack.',
  run() {
    const problem = versionProblem(nodeVersion);
    return problem === null ? ok(nodeVersion) : fail(problem, 'Install a newer Node.js.');
  },
});
