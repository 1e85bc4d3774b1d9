import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClient } from './client.ts';
import { agentAccess, ownerAccess } from './daemon-access.ts';

const token = 't'.repeat(43);
let homeDir: string;
let server: Server;
/** Credentials that the daemon received, and whether it demands the token for every call. */
let seen: (string | undefined)[][];
let auth: 'none' | 'token';
const file = (name: string) => join(homeDir, '.ocmesh', name);

beforeEach(async () => {
  seen = [];
  auth = 'none';
  homeDir = await mkdtemp(join(tmpdir(), 'ocmesh-access-'));
  await mkdir(file(''));
  await writeFile(file('token'), `${token}\n`, { mode: 0o600 });
  server = createServer(({ headers }, response) => {
    seen.push([headers.authorization, headers['ocmesh-caller'] as string | undefined]);
    const right = headers.authorization === `Bearer ${token}`;
    const error = headers.authorization ? 'token_wrong' : 'token_required';
    response.end(auth === 'none' || right ? '{"ok":true}' : JSON.stringify({ error }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const content = { pid: process.pid, port, url: `http://127.0.0.1:${port}` };
  await writeFile(file('daemon.json'), JSON.stringify(content), { mode: 0o600 });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(homeDir, { recursive: true });
});

const options = (env: Record<string, string> = {}) => ({ env, homeDir });

test('the command sends the token with every call', async () => {
  await createClient(ownerAccess(options())).getIdentity({});
  expect(seen).toEqual([[`Bearer ${token}`, undefined]]);
});

test('a model’s tools do not send the token unless the daemon demands it', async () => {
  await createClient(agentAccess(options())).getIdentity({});
  expect(seen).toEqual([[undefined, undefined]]);
});

test('a model’s tools send the token if every call requires it, and say that they act for an agent', async () => {
  auth = 'token';
  const client = createClient(agentAccess(options()));
  expect(await client.getIdentity({})).toEqual({ ok: true });
  await client.getIdentity({});
  expect(seen).toEqual([
    [undefined, undefined],
    [`Bearer ${token}`, 'agent'],
    [`Bearer ${token}`, 'agent'],
  ]);
});

test('a changed token is read again', async () => {
  auth = 'token';
  for (const access of [ownerAccess(options()), agentAccess(options())]) {
    await writeFile(file('token'), 'o'.repeat(43));
    const client = createClient(access);
    await expect(client.getIdentity({})).rejects.toMatchObject({ code: 'token_wrong' });
    await writeFile(file('token'), token);
    expect(await client.getIdentity({})).toEqual({ ok: true });
  }
});

test('a token that other users can read is not sent', async () => {
  await chmod(file('token'), 0o640);
  await createClient(ownerAccess(options())).getIdentity({});
  expect(seen).toEqual([[undefined, undefined]]);
});

test('a program on the default port does not get the token', async () => {
  await rm(file('daemon.json'));
  const { port } = server.address() as AddressInfo;
  await createClient(ownerAccess(options({ OCMESH_PORT: String(port) }))).getIdentity({});
  expect(seen).toEqual([[undefined, undefined]]);
});
