import { createProcessMesh, type ProcessMesh } from '@ocmesh/testkit';
import { afterEach, onTestFailed } from 'vitest';
import { ocmeshProgram } from './programs.ts';

const open = new Set<ProcessMesh>();

/**
 * Creates a mesh of real processes for one test; stops it afterwards, and prints its output on failure.
 * @param node the Node.js to run them with, if not ours
 */
export function createMesh(node?: string): ProcessMesh {
  const mesh = createProcessMesh(ocmeshProgram, node);
  open.add(mesh);
  onTestFailed(() => {
    process.stderr.write(`${mesh.transcript()}\n`);
  });
  return mesh;
}

afterEach(async () => {
  await Promise.all([...open].map((mesh) => mesh.close()));
  open.clear();
});

/** Starts two agents on one relay that know each other. */
export async function startPair() {
  const mesh = createMesh();
  const relay = await mesh.startRelay();
  const alice = await mesh.startAgent('alice', [relay.url]);
  const bob = await mesh.startAgent('bob', [relay.url]);
  await mesh.meet(alice, bob);
  return { mesh, relay, alice, bob };
}
