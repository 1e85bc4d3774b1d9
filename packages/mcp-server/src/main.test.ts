import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { proofText } from '@ocmesh/shared/contract';
import { watchSlowdown } from '@ocmesh/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { textOf } from '../test/connect-client.ts';
import { aStatus } from '../test/samples.ts';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
if (!existsSync(main)) throw new Error('Build first: npx tsc -b packages/mcp-server');

let home: string;
let daemon: Server;
let port: number;
const requests: string[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ocmesh-mcp-'));
  requests.length = 0;
  daemon = createServer((request, response) => {
    if (request.url?.startsWith('/proof')) return response.end(proofFor(request.url));
    requests.push(`${request.method} ${request.url}`);
    if (request.url === '/peers/moved')
      return response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    if (request.url?.startsWith('/messages/wait')) return; // never responds
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url?.startsWith('/status') ? aStatus() : []));
  });
  await new Promise<void>((resolve) => daemon.listen(0, '127.0.0.1', resolve));
  port = (daemon.address() as AddressInfo).port;
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  daemon.closeAllConnections();
  daemon.close();
  await rm(home, { recursive: true });
});

const proofKey = 'ab'.repeat(32);
function proofFor(url: string): string {
  const text = proofText(url.split('=')[1] ?? '', port);
  return JSON.stringify({ proof: createHmac('sha256', proofKey).update(text).digest('hex') });
}

// Like hosts: only HOME and PATH.
const bareEnv = () => ({ HOME: home, PATH: process.env['PATH'] ?? '', OCMESH_HOME: home });
const announce = (url: string, onPort: number) =>
  writeFile(
    join(home, 'daemon.json'),
    JSON.stringify({ pid: process.pid, port: onPort, url, proof_key: proofKey }),
    { mode: 0o600 },
  );

async function connect(env: Record<string, string> = bareEnv()) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [main],
    env,
    stderr: 'pipe',
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  const call = async (name: string, args: Record<string, unknown> = {}) =>
    (await client.callTool({ name, arguments: args })) as CallToolResult;
  return { client, call };
}

test('finds the daemon by its daemon.json and calls it', async () => {
  await announce(`http://127.0.0.1:${port}`, port);
  const { client, call } = await connect();
  expect(textOf(await call('get_status'))).toContain('peers: 1 online of 1 known');
  expect(textOf(await call('list_peers', { online: true }))).toMatch(/^0 peers/);
  expect(requests).toEqual(['GET /policy', 'GET /status', 'GET /peers?online=true&limit=20', 'GET /status']);
  await client.close();
});

test('lists its tools without a daemon, says how to start it, and finds it once it runs', async () => {
  const { port: unused } = await new Promise<AddressInfo>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address() as AddressInfo;
      probe.close(() => resolve(address));
    });
  });
  const { client, call } = await connect({ ...bareEnv(), OCMESH_PORT: String(unused) });
  expect((await client.listTools()).tools).toHaveLength(9);
  const down = await call('get_status');
  expect(down.isError).toBe(true);
  expect(textOf(down)).toMatch(/^daemon_down: .+Your user has to start it, with `ocmesh start`/);
  const installed = join(home, 'app/current');
  await mkdir(installed, { recursive: true });
  await writeFile(join(installed, 'ocmesh.mjs'), '');
  expect(textOf(await call('get_status'))).toContain(
    `Start it with \`${process.execPath} ${join(installed, 'ocmesh.mjs')} service start\``,
  );
  await announce(`http://127.0.0.1:${port}`, port);
  expect((await call('get_status')).isError).toBeUndefined();
  await client.close();
});

test('follows no redirect and accepts no address of another machine', async () => {
  const { client, call } = await connect({ ...bareEnv(), OCMESH_API_URL: `http://127.0.0.1:${port}` });
  expect(textOf(await call('get_peer', { peer: 'moved' }))).toMatch(/^daemon_down: /);
  await client.close();
  const elsewhere = await connect({ ...bareEnv(), OCMESH_API_URL: 'http://relay.example:7432' });
  expect(textOf(await elsewhere.call('get_status'))).toContain(
    'OCMESH_API_URL is not an address of this machine',
  );
  await elsewhere.client.close();
});

interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the process as a pipe would. */
function start(env: Record<string, string>) {
  const child = spawn(process.execPath, [main], { env, stdio: 'pipe' });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const exit = new Promise<Exit>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  return { child, exit, say };
}

const initialize = {
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
};
const callStatus = { id: 2, method: 'tools/call', params: { name: 'get_status', arguments: {} } };

test('responds to what arrived before stdin ended, writes only JSON-RPC to stdout, and exits with 0', async () => {
  const { child, exit, say } = start({ ...bareEnv(), OCMESH_API_URL: `http://127.0.0.1:${port}` });
  say(initialize);
  child.stdin.write('this is no JSON\n');
  say(callStatus);
  child.stdin.end();
  const { code, stdout, stderr } = await exit;
  expect(code).toBe(0);
  const answers = stdout.trimEnd().split('\n');
  expect(answers.map((line) => JSON.parse(line).id)).toEqual([1, 2]);
  expect(JSON.parse(answers[1] ?? '').result.content[0].text).toContain('peers: 1 online');
  expect(stderr).toMatch(/^ocmesh mcp: /);
});

test.each(['stdin', 'SIGTERM'] as const)('exits on %s although a call is still waiting', async (how) => {
  const { child, exit, say } = start({ ...bareEnv(), OCMESH_API_URL: `http://127.0.0.1:${port}` });
  say(initialize);
  say({ id: 2, method: 'tools/call', params: { name: 'wait_for_message', arguments: {} } });
  await new Promise<void>((resolve) => daemon.once('request', () => resolve()));
  const slowdown = watchSlowdown();
  const asked = performance.now();
  if (how === 'stdin') child.stdin.end();
  else child.kill(how);
  const { code } = await exit;
  const tookMs = performance.now() - asked;
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(3000 * (await slowdown.stop()).factor);
});
