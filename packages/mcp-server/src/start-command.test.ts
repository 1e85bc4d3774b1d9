import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startStep } from './start-command.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "ocmesh it's "));
});
afterEach(() => rmSync(place, { recursive: true }));

test('names the program in the home by its whole path, as a shell takes it', () => {
  const folder = join(place, '.ocmesh/app/current');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'ocmesh.mjs'), '');
  const path = `'${join(folder, 'ocmesh.mjs').replaceAll("'", `'\\''`)}'`;
  expect(startStep({ OCMESH_HOME: join(place, '.ocmesh') }, '/usr/bin/node')).toBe(
    `Start it with \`/usr/bin/node ${path} service start\`, then call again.`,
  );
});

test.each([{ OCMESH_HOME: '$HOME/x' }, { OCMESH_HOME: '/nowhere/at/all' }])(
  'leaves it to the user where nothing is installed: %j',
  (env) => {
    expect(startStep(env)).toMatch(/^Your user has to start it/);
  },
);
