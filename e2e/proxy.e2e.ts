import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { until } from '@ocmesh/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { createMesh } from './support/mesh.ts';
import { findNode24 } from './support/node-24.ts';
import { mcpProgram, ocmeshProgram } from './support/programs.ts';

const run = promisify(execFile);

/** A proxy that records the first line of each request, and refuses it. */
async function startRecordingProxy() {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('data', (data) => {
      seen.push(data.toString().split('\r\n')[0] ?? '');
      socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** Everything by which a program may be told to use a proxy. */
function proxyEnvironment(url: string, node: string): Record<string, string> {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
  return {
    ...Object.fromEntries(names.map((name) => [name, url])),
    NO_PROXY: '',
    NODE_USE_ENV_PROXY: '1',
    // Older versions end with an error at an option that they do not know.
    ...(node === process.execPath ? {} : { NODE_OPTIONS: '--use-env-proxy' }),
  };
}

async function callEverything(node: string): Promise<void> {
  const proxy = await startRecordingProxy();
  const mesh = createMesh(node);
  const relay = await mesh.startRelay();
  const environment = proxyEnvironment(proxy.url, node);
  const bob = await mesh.startAgent('bob', [relay.url]);
  const alice = await mesh.startAgent('alice', [relay.url], environment);
  await mesh.meet(alice, bob);
  const env = { PATH: process.env['PATH'] ?? '', HOME: alice.home, OCMESH_HOME: alice.home, ...environment };
  const command = (...args: string[]) =>
    run(node, [ocmeshProgram, ...args], { env }).catch((error) => error as { stdout: string });

  const status = await command('status', '--json');
  expect(proxy.seen).toEqual([]);
  expect(JSON.parse(status.stdout)).toMatchObject({ pubkey: alice.pubkey });
  expect((await command('send', bob.npub, 'for your eyes only')).stdout).not.toBe('');
  expect((await command('doctor', '--json')).stdout).toContain('"port"');

  const client = new Client({ name: 'e2e', version: '1.0.0' });
  await client.connect(
    new StdioClientTransport({ command: node, args: [mcpProgram], env, stderr: 'ignore' }),
  );
  const result = await client.callTool({
    name: 'send_message',
    arguments: { to: bob.pubkey, content: 'secret' },
  });
  expect((result.content as { text: string }[])[0]?.text).toMatch(/^id: [0-9a-f]{32} /);
  await client.close();

  await until(async () => (await bob.api.listMessages({ unread: true })).items.length >= 2);
  expect(proxy.seen).toEqual([]);
}

const node24 = findNode24();
if (!node24) console.warn('Skipped on Node 24: set OCMESH_NODE24 to the path of one.');

it('no call to this machine goes through a proxy', () => callEverything(process.execPath));

it.skipIf(!node24 || node24 === process.execPath)('nor on Node 24, which has proxies of its own', () =>
  callEverything(node24 ?? process.execPath),
);
