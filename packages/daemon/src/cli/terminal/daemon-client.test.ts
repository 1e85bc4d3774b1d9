import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openCommandLine } from '../../../test/support/command-line.ts';
import { exitCodes } from '../../adapters/system/exit.ts';

/** Opens a command line whose daemon's address belongs to another program. */
async function openCommandLineAtStranger(listener: RequestListener) {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-cli-'));
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(home, { recursive: true });
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return { home, port, url, ...openCommandLine({ OCMESH_HOME: home, OCMESH_API_URL: url }) };
}

const commands = ['status', 'identity', 'inbox', 'peers', 'relays', 'requests', 'policy', 'read --all'];

test.each([
  ['{} with 503', 503, '{}'],
  ['{} with 200', 200, '{}'],
  ['a list', 200, '[]'],
  ['null', 200, 'null'],
  ['a number', 200, '7'],
  ['a degraded status without fields', 503, '{"degraded":true}'],
  ['a web page', 200, '<html>'],
])('a program that claims to be a daemon and answers %s crashes no command', async (_, status, body) => {
  const { run } = await openCommandLineAtStranger(({ url = '' }, response) => {
    if (url.startsWith('/proof')) return response.end(JSON.stringify({ proof: 'a'.repeat(64) }));
    return response.writeHead(status).end(body);
  });
  for (const command of commands) {
    // An empty list is an answer.
    if (body === '[]' && !['status', 'identity', 'policy'].includes(command)) continue;
    const { code, err } = await run(command.split(' '));
    expect([command, code, err]).toEqual([
      command,
      exitCodes.tryAgain,
      expect.stringContaining('The response is not from an ocmesh daemon'),
    ]);
  }
});

test('a stale daemon.json, its pid in use again, shows the token to nobody', async () => {
  const seen: string[] = [];
  const { home, port, url, run } = await openCommandLineAtStranger((request, response) => {
    seen.push(`${request.method} ${request.url?.split('?')[0]} ${request.headers.authorization ?? ''}`);
    response.writeHead(503).end('{}');
  });
  writeFileSync(join(home, 'token'), 't'.repeat(43), { mode: 0o600 });
  const file = { pid: process.pid, port, url, proof_key: 'ab'.repeat(32) };
  writeFileSync(join(home, 'daemon.json'), JSON.stringify(file), { mode: 0o600 });
  for (const env of [{ OCMESH_API_URL: '' }, {}]) {
    const { code, err } = await run(['send', 'a'.repeat(64), 'secret'], { env });
    expect([code, err]).toEqual([
      exitCodes.tryAgain,
      expect.stringContaining(`is not ocmesh listens at ${url}`),
    ]);
  }
  expect(new Set(seen)).toEqual(new Set(['GET /proof ']));
});
