import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { daemonUrl } from './daemon-url.ts';

let homeDir: string;
let file: string;
beforeEach(async () => {
  homeDir = await mkdtemp(join(tmpdir(), 'ocmesh-url-'));
  await mkdir(join(homeDir, '.ocmesh'));
  file = join(homeDir, '.ocmesh', 'daemon.json');
});
afterEach(() => rm(homeDir, { recursive: true }));

const running = {
  pid: process.pid,
  port: 4711,
  url: 'http://127.0.0.1:4711',
  started_at: '2026-01-02T12:00:00Z',
};
const write = (value: unknown) => writeFile(file, JSON.stringify(value), { mode: 0o600 });
const ask = (env: Record<string, string> = {}) => daemonUrl({ env, homeDir });
const fallback = 'http://127.0.0.1:7432';
/** Without a more exact problem, the next step is to start the daemon. */
const down = { code: 'daemon_down', problem: undefined };

test('uses the default port if nothing else is known', async () => {
  expect(await ask()).toBe(fallback);
});

test('OCMESH_PORT changes the default, unless it is 0 or not a port', async () => {
  expect(await ask({ OCMESH_PORT: '7500' })).toBe('http://127.0.0.1:7500');
  for (const port of ['0', '', 'x', '65536', '-1', '1.5'])
    expect(await ask({ OCMESH_PORT: port })).toBe(fallback);
});

test('reads the URL that a running daemon of ours wrote, for each call', async () => {
  await write(running);
  expect(await ask({ OCMESH_PORT: '7500' })).toBe(running.url);
  await write({ ...running, port: 4712, url: 'http://127.0.0.1:4712' });
  expect(await ask()).toBe('http://127.0.0.1:4712');
});

test('OCMESH_HOME names another home', async () => {
  const other = join(homeDir, 'other');
  await mkdir(other);
  await writeFile(join(other, 'daemon.json'), JSON.stringify(running), { mode: 0o600 });
  expect(await ask({ OCMESH_HOME: other })).toBe(running.url);
  // The daemon on the default port is another agent's.
  await rm(join(other, 'daemon.json'));
  await expect(ask({ OCMESH_HOME: other })).rejects.toMatchObject(down);
});

test('does not trust a file that others can write', async () => {
  await write(running);
  for (const mode of [0o620, 0o602, 0o666]) {
    await chmod(file, mode);
    await expect(ask()).rejects.toMatchObject(down);
  }
});

test.skipIf(process.getuid?.() !== 0)('does not trust a file of another user', async () => {
  await write(running);
  execFileSync('chown', ['12345', file]);
  await expect(ask()).rejects.toMatchObject(down);
});

test('does not trust a link, a directory or a pipe', async () => {
  const elsewhere = join(homeDir, 'elsewhere.json');
  await writeFile(elsewhere, JSON.stringify(running), { mode: 0o600 });
  await symlink(elsewhere, file);
  await expect(ask()).rejects.toMatchObject(down);
  await rm(file);
  await mkdir(file);
  await expect(ask()).rejects.toMatchObject(down);
  await rm(file, { recursive: true });
  execFileSync('mkfifo', ['-m', '600', file]);
  await expect(ask()).rejects.toMatchObject(down);
});

test('does not trust a dead process, or a URL other than its own port on this machine', async () => {
  const dead = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
  const wrong = [
    { ...running, pid: dead },
    { ...running, pid: 0 },
    { ...running, pid: -1 },
    { ...running, pid: undefined },
    { ...running, url: 'http://127.0.0.1:4712' },
    { ...running, url: 'http://127.0.0.1:4711/' },
    { ...running, url: 'http://evil.example:4711' },
    { ...running, url: 'http://127.0.0.1:4711@evil.example' },
    { ...running, port: '4711' },
    { ...running, padding: 'x'.repeat(5000) },
    null,
    [],
    'text',
  ];
  for (const value of wrong) {
    await write(value);
    await expect(ask()).rejects.toMatchObject(down);
  }
  await writeFile(file, '{"pid":');
  await expect(ask()).rejects.toMatchObject(down);
});

test('OCMESH_API_URL takes precedence and may only name this machine', async () => {
  await write(running);
  expect(await ask({ OCMESH_API_URL: 'http://127.0.0.1:9000' })).toBe('http://127.0.0.1:9000');
  expect(await ask({ OCMESH_API_URL: 'http://localhost:9000/' })).toBe('http://localhost:9000');
  expect(await ask({ OCMESH_API_URL: '' })).toBe(running.url);
  const refused = [
    'http://evil.example:7432',
    'https://127.0.0.1:7432',
    'http://127.0.0.1.evil.example',
    'http://u:p@127.0.0.1:7432',
    'http://127.0.0.1:7432/path',
    'http://10.0.0.1:7432',
    'file:///etc/passwd',
    'nonsense',
  ];
  for (const url of refused) {
    await expect(ask({ OCMESH_API_URL: url })).rejects.toMatchObject({
      code: 'daemon_down',
      message: 'OCMESH_API_URL is not an address of this machine.',
      problem: 'api_url_elsewhere',
    });
  }
});
