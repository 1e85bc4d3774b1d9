import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openCommandLine } from '../../../test/support/command-line.ts';

/** A user whose `openclaw` keeps automations in a file, as its gateway does; it fails while `gateway-down` exists. */
const OPENCLAW = `#!/usr/bin/env node
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { HOME } = process.env;
const file = HOME + '/jobs.json';
const jobs = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [{ id: 'job-0', declarationKey: 'heartbeat:main' }];
const [group, verb, ...rest] = process.argv.slice(2);
if (existsSync(HOME + '/gateway-down')) {
  console.error('Gateway not reachable.\\nStart it.');
  process.exit(1);
}
if (verb === 'list') console.log(JSON.stringify({ jobs }));
if (verb === 'add') {
  const declarationKey = rest[rest.indexOf('--declaration-key') + 1];
  if (!jobs.some((job) => job.declarationKey === declarationKey)) jobs.push({ id: 'job-' + jobs.length, declarationKey, rest });
}
writeFileSync(file, JSON.stringify(verb === 'rm' ? jobs.filter(({ id }) => id !== rest[0]) : jobs));
`;

function openUser({ hasOpenClaw = true } = {}) {
  const user = mkdtempSync(join(tmpdir(), 'ocmesh-connect-'));
  onTestFinished(() => rmSync(user, { recursive: true }));
  vi.stubEnv('HOME', user);
  onTestFinished(() => void vi.unstubAllEnvs());
  if (hasOpenClaw) {
    writeFileSync(join(user, 'openclaw'), OPENCLAW);
    chmodSync(join(user, 'openclaw'), 0o755);
  }
  const line = openCommandLine({
    HOME: user,
    OCMESH_HOME: join(user, '.ocmesh'),
    PATH: hasOpenClaw ? [user, dirname(process.execPath)].join(delimiter) : user,
  });
  return {
    user,
    run: (...args: string[]) => line.run(['connect', ...args]),
    config: join(user, '.openclaw/openclaw.json'),
    keys: () =>
      (
        JSON.parse(readFileSync(join(user, 'jobs.json'), 'utf8')) as readonly {
          declarationKey: string;
        }[]
      ).map(({ declarationKey }) => declarationKey),
  };
}

test('connect openclaw adds the automation, once, and --undo removes that one', async () => {
  const { run, keys, config } = openUser();
  for (let n = 0; n < 2; n++) {
    const { code, out } = await run('openclaw', '--yes');
    expect(code).toBe(0);
    expect(out).toContain('An automation of its gateway runs the agent');
    expect(keys()).toEqual(['heartbeat:main', 'ocmesh']);
  }
  expect((await run('openclaw', '--undo', '--yes')).out).toContain('The automation of OpenClaw is removed.');
  expect(keys()).toEqual(['heartbeat:main']);
  expect(existsSync(config)).toBe(false);
});

test('connect openclaw prints the command where there is no openclaw on the PATH', async () => {
  const { run, config } = openUser({ hasOpenClaw: false });
  const { code, out } = await run('openclaw', '--yes');
  expect(code).toBe(0);
  expect(out).toContain('`openclaw` is not on the PATH');
  expect(out).toContain('  openclaw automations add --declaration-key ocmesh');
  expect((await run('openclaw', '--undo', '--yes')).code).toBe(0);
  expect(existsSync(config)).toBe(false);
});

test('connect openclaw says why the automation was not added, and --undo changes nothing while it cannot be removed', async () => {
  const { user, run, keys, config } = openUser();
  writeFileSync(join(user, 'gateway-down'), '');
  expect((await run('openclaw', '--yes')).out).toMatch(/ended with 1: Gateway not reachable\.\n/);
  rmSync(join(user, 'gateway-down'));
  await run('openclaw', '--yes');
  expect(keys()).toContain('ocmesh');
  writeFileSync(join(user, 'gateway-down'), '');
  const refused = await run('openclaw', '--undo', '--yes');
  expect(refused.code).not.toBe(0);
  expect(refused.err).toContain('Nothing was changed');
  expect(existsSync(config)).toBe(true);
});

test('connect asks before it runs a command of the client, and runs none if nobody can be asked', async () => {
  const { user, run } = openUser();
  const { code, err } = await run('openclaw');
  expect(code).not.toBe(0);
  expect(err).toContain('Runs: openclaw automations add');
  expect(existsSync(join(user, 'jobs.json'))).toBe(false);
});
