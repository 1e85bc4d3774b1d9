import { execFileSync } from 'node:child_process';

/** Node 24 and later send the HTTP of a program through a proxy if the environment says so. */
const FIRST_MAJOR = 24;

/** Returns a Node.js ≥ 24: `OCMESH_NODE24`, the one that runs us, or `node24` on the path; null without one. */
export function findNode24(): string | null {
  const named = process.env['OCMESH_NODE24'];
  return [named, process.execPath, 'node24'].find((path) => path && majorOf(path) >= FIRST_MAJOR) ?? null;
}

function majorOf(path: string): number {
  try {
    return Number(execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).split('.')[0]);
  } catch {
    return 0;
  }
}
