import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createProcessMesh, type ProcessMesh } from '@ocmesh/testkit';
import { generateSecretKey, nip19 } from 'nostr-tools';
import { afterAll, beforeAll, expect } from 'vitest';
import { createMesh } from './mesh.ts';
import { ocmeshProgram } from './programs.ts';
import { runOcmesh } from './run-ocmesh.ts';

const run = promisify(execFile);

interface Check {
  readonly id: string;
  readonly state: 'ok' | 'warn' | 'fail' | 'skipped';
  readonly found: string;
  readonly why: string;
  readonly next_step: string | null;
}

export interface BrokenHome {
  readonly mesh: ProcessMesh;
  /** The user's folder, where clients and services keep their files. */
  readonly user: string;
  readonly home: string;
  ocmesh(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** @param environment overrides the variables of the home */
  doctor(
    environment?: Record<string, string>,
    ...flags: string[]
  ): Promise<{ code: number; checks: Check[] }>;
}

/** A working relay, and homes with an identity, made once for each test file. */
let stock: ProcessMesh;
let relay: string;

export const workingRelay = (): string => relay;
export const homeOfBob = (): string => join(stock.place, 'bob');

beforeAll(async () => {
  stock = createProcessMesh(ocmeshProgram);
  relay = (await stock.startRelay()).url;
  for (const name of ['alice', 'bob']) {
    const key = join(stock.place, `${name}.nsec`);
    writeFileSync(key, nip19.nsecEncode(generateSecretKey()));
    const env = { PATH: process.env['PATH'], OCMESH_HOME: join(stock.place, name) };
    await run(process.execPath, [ocmeshProgram, 'key', 'import', key], { env });
  }
});

afterAll(() => stock.close());

/** Creates a home with an identity, for a test to break. */
export function createBrokenHome(): BrokenHome {
  const mesh = createMesh();
  const user = join(mesh.place, "alice's folder");
  const home = join(mesh.place, 'alice');
  mkdirSync(user);
  execFileSync('cp', ['-a', join(stock.place, 'alice'), home]);
  const settings = { OCMESH_HOME: home, OCMESH_PORT: '0', OCMESH_RELAYS: relay };
  const ocmesh = (environment: Record<string, string>, args: readonly string[]) =>
    runOcmesh(user, args, { ...settings, ...environment });
  return {
    mesh,
    user,
    home,
    ocmesh: (...args) => ocmesh({}, args),
    async doctor(environment = {}, ...flags) {
      const { code, stdout, stderr } = await ocmesh(environment, ['doctor', '--json', ...flags]);
      expect(stdout, stderr).not.toBe('');
      return { code, checks: JSON.parse(stdout).checks };
    },
  };
}

export const failed = (checks: readonly Check[]): Check[] => checks.filter(({ state }) => state === 'fail');
export const states = (checks: readonly Check[], state: Check['state']): string[] =>
  checks.filter((check) => check.state === state).map(({ id }) => id);

/** Expects the doctor to report this fault with a next step, and no other fault. */
export async function expectFault(
  brokenHome: BrokenHome,
  id: string,
  found: RegExp,
  environment = {},
): Promise<void> {
  const { code, checks } = await brokenHome.doctor(environment);
  expect(failed(checks)).toEqual([
    expect.objectContaining({
      id,
      found: expect.stringMatching(found),
      next_step: expect.stringMatching(/\w/),
    }),
  ]);
  expect(code).toBe(1);
}
