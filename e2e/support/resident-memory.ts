import { execFileSync } from 'node:child_process';
import type { RunningAgent } from '@ocmesh/testkit';

/** Returns the resident memory of a daemon. */
export const residentMb = ({ child }: RunningAgent): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' })) / 1024;
