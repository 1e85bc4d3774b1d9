import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundleSimulator, root, runSimulator } from './simulator/bundle-simulator.mjs';
import { mutants } from './simulator/mutants.mjs';

test.each(mutants.flatMap(({ name, patches }) => patches.map((patch) => ({ name, ...patch }))))(
  'the code that “$name” changes is where it was: $file',
  ({ file, from, to }) => {
    expect(readFileSync(join(root, file), 'utf8').split(from)).toHaveLength(2);
    expect(to).not.toBe(from);
  },
);

test('a planted bug is found', async () => {
  const mutant = mutants.find(({ name }) => name === 'mid ignored');
  const program = await bundleSimulator('planted', mutant?.patches);
  const args = ['--seed', '6', '--seeds', '10', '--first', '--shrink', '0'];
  const { status, stdout } = runSimulator(program, args, 'pipe');
  expect(stdout).toContain('no message is shown twice');
  expect(status).toBe(1);
});

test('a patch whose code has moved is an error', async () => {
  const file = 'packages/daemon/src/core/outbox/lane.ts';
  await expect(bundleSimulator('moved', [{ file, from: 'no such text', to: '' }])).rejects.toThrow(
    'has 0 places like this',
  );
});
