import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { proofText } from '@ocmesh/shared/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createClient } from './client.ts';
import { agentAccess, ownerAccess } from './daemon-access.ts';

const token = 't'.repeat(43);
const proofKey = 'ab'.repeat(32);
let homeDir: string;
let server: Server;
/** Credentials that the daemon received, and whether it demands the token for every call. */
let seen: (string | undefined)[][];
let auth: 'none' | 'token';
/** The daemon's answer to a proof. */
let prove: (nonce: string) => unknown;
const hmac = (key: string, nonce: string) =>
  createHmac('sha256', key)
    .update(proofText(nonce, (server.address() as AddressInfo).port))
    .digest('hex');
const file = (name: string) => join(homeDir, '.ocmesh', name);

beforeEach(async () => {
  seen = [];
  auth = 'none';
  homeDir = await mkdtemp(join(tmpdir(), 'ocmesh-access-'));
  await mkdir(file(''));
  await writeFile(file('token'), `${token}\n`, { mode: 0o600 });
  prove = (nonce) => ({ proof: hmac(proofKey, nonce), token_proof: hmac(token, nonce) });
  server = createServer(({ url, headers }, response) => {
    const nonce = /^\/proof\?nonce=([0-9a-f]{64})$/.exec(url ?? '')?.[1];
    if (nonce) return response.end(JSON.stringify(prove(nonce)));
    seen.push([headers.authorization, headers['ocmesh-caller'] as string | undefined]);
    const right = headers.authorization === `Bearer ${token}`;
    const error = headers.authorization ? 'token_wrong' : 'token_required';
    response.end(auth === 'none' || right ? '{"ok":true}' : JSON.stringify({ error }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await announce(port, { proof_key: proofKey });
});
const announce = (port: number, more: object = {}) =>
  writeFile(
    file('daemon.json'),
    JSON.stringify({ pid: process.pid, port, url: `http://127.0.0.1:${port}`, ...more }),
    { mode: 0o600 },
  );
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

test('proves once on a connection, not for each call', async () => {
  const nonces: string[] = [];
  const right = prove;
  prove = (nonce) => {
    nonces.push(nonce);
    return right(nonce);
  };
  const client = createClient(ownerAccess(options()));
  for (let call = 0; call < 3; call++) await client.getIdentity({});
  expect(nonces).toHaveLength(1);
  server.closeAllConnections();
  await client.getIdentity({});
  expect(new Set(nonces).size).toBe(2);
});

test('a program on the default port gets the token once it proves that it has it', async () => {
  await rm(file('daemon.json'));
  const { port } = server.address() as AddressInfo;
  const client = createClient(ownerAccess(options({ OCMESH_PORT: String(port) })));
  await client.getIdentity({});
  expect(seen).toEqual([[`Bearer ${token}`, undefined]]);
  server.closeAllConnections();
  prove = (nonce) => ({ proof: hmac(proofKey, nonce), token_proof: hmac('another', nonce) });
  await expect(client.getIdentity({})).rejects.toMatchObject({ problem: 'other_daemon' });
  expect(seen).toHaveLength(1);
});

test('without a home of ours, any ocmesh daemon is called, but without a token', async () => {
  await rm(file('daemon.json'));
  await rm(file('token'));
  const { port } = server.address() as AddressInfo;
  const client = createClient(ownerAccess(options({ OCMESH_PORT: String(port) })));
  await client.getIdentity({});
  expect(seen).toEqual([[undefined, undefined]]);
});

test('a daemon at a named address proves that it has the token', async () => {
  await rm(file('daemon.json'));
  const { port } = server.address() as AddressInfo;
  const env = { OCMESH_API_URL: `http://localhost:${port}` };
  await createClient(ownerAccess(options(env))).getIdentity({});
  prove = () => ({ proof: 'f'.repeat(64), token_proof: null });
  await expect(createClient(ownerAccess(options(env))).getIdentity({})).rejects.toMatchObject({
    problem: 'other_daemon',
  });
  expect(seen).toHaveLength(1);
});

test('a program that passes on the proof of the daemon at another port gets nothing', async () => {
  const daemon = server.address() as AddressInfo;
  const rogue = createServer((request, response) => {
    seen.push(['rogue']);
    void fetch(`http://127.0.0.1:${daemon.port}${request.url}`).then(async (answer) =>
      response.end(await answer.text()),
    );
  });
  await new Promise<void>((resolve) => rogue.listen(0, '127.0.0.1', resolve));
  await announce((rogue.address() as AddressInfo).port, { proof_key: proofKey });
  await expect(createClient(ownerAccess(options())).getIdentity({})).rejects.toMatchObject({
    problem: 'other_daemon',
  });
  expect(seen).toEqual([['rogue']]);
  rogue.close();
});

const page = '<html>'.padEnd(200, 'x');
test.each([
  ['nothing at all', '', undefined],
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', 'not_a_daemon'],
  ['an empty object as a degraded status', reply(503, '{}'), 'not_a_daemon'],
  ['a web page', reply(200, page, 'Content-Type: text/html\r\n'), 'not_a_daemon'],
  ['a redirect', reply(302, '', 'Location: http://127.0.0.1:1/\r\n'), 'not_a_daemon'],
  ['null', reply(200, 'null'), 'not_a_daemon'],
  ['a list', reply(200, '[]'), 'not_a_daemon'],
  ['a proof of the wrong type', reply(200, '{"proof":{}}'), 'not_a_daemon'],
  [
    'the error of an older daemon',
    reply(404, '{"error":"not_found","message":"m","hint":"h"}'),
    'older_daemon',
  ],
  ['another daemon’s proof', reply(200, `{"proof":"${'0'.repeat(64)}","token_proof":null}`), 'other_daemon'],
  ['endless headers', endless('HTTP/1.1 200 OK\r\n', 'X-A: aaaaaaaaaaaaaaaaaaaaaa\r\n'), 'not_a_daemon'],
  ['an endless body', endless('HTTP/1.1 200 OK\r\n\r\n', 'y'.repeat(1000)), 'not_a_daemon'],
  ['a huge body', reply(200, 'z'.repeat(1_000_000)), 'not_a_daemon'],
])('a program that answers %s is sent nothing', async (_, answer, problem) => {
  const lines: string[] = [];
  const rogue = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      lines.push(...data.toString().split('\r\n').filter(Boolean));
      if (typeof answer === 'string') socket.end(answer);
      else void pipeline(Readable.from(answer()), socket).catch(() => {});
    });
  });
  await new Promise<void>((resolve) => rogue.listen(0, '127.0.0.1', resolve));
  const { port } = rogue.address() as AddressInfo;
  await announce(port, { proof_key: proofKey });
  for (const access of [ownerAccess(options()), agentAccess(options())]) {
    const failure = await createClient(access)
      .sendMessage({ to: 'x', content: 'secret' })
      .catch((error) => error);
    expect(failure).toMatchObject({ code: 'daemon_down', problem });
    expect(failure.message).toContain(`http://127.0.0.1:${port}`);
  }
  expect(lines.filter((line) => !/^(Host|Accept): |^GET \/proof\?nonce=\w+ HTTP/.test(line))).toEqual([]);
  rogue.close();
});

function reply(status: number, body: string, headers = ''): string {
  return `HTTP/1.1 ${status} Any\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function endless(start: string, more: string) {
  return function* () {
    yield start;
    for (;;) yield more;
  };
}

test('an older daemon has to be restarted, whatever else it could do', async () => {
  const { port } = server.address() as AddressInfo;
  await announce(port);
  await rm(file('token'));
  await expect(createClient(ownerAccess(options())).getIdentity({})).rejects.toMatchObject({
    problem: 'older_daemon',
  });
  expect(seen).toEqual([]);
});

describe('a daemon whose pid nobody has here', () => {
  const dead = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
  const announceUnseen = (port: number, key = proofKey) => announce(port, { pid: dead, proof_key: key });
  const notRunning = { code: 'daemon_down', message: expect.stringContaining('is not running') };
  const portOfServer = () => (server.address() as AddressInfo).port;

  test('is called once it has proved that it runs all the same, in a container say', async () => {
    await announceUnseen(portOfServer());
    await createClient(ownerAccess(options())).getIdentity({});
    expect(seen).toEqual([[`Bearer ${token}`, undefined]]);
  });

  test('is not running if something else has its port, which is shown nothing', async () => {
    await announceUnseen(portOfServer(), 'cd'.repeat(32));
    await expect(createClient(ownerAccess(options())).getIdentity({})).rejects.toMatchObject(notRunning);
    prove = () => ({});
    await expect(createClient(agentAccess(options())).getIdentity({})).rejects.toMatchObject(notRunning);
    expect(seen).toEqual([]);
  });

  test('is not running if nothing has its port', async () => {
    const unused = createServer();
    await new Promise<void>((resolve) => unused.listen(0, '127.0.0.1', resolve));
    const { port } = unused.address() as AddressInfo;
    await new Promise((resolve) => unused.close(resolve));
    await announceUnseen(port);
    await expect(createClient(ownerAccess(options())).getIdentity({})).rejects.toMatchObject(notRunning);
  });

  test('is not called if it is of a version that proves nothing', async () => {
    await announce(portOfServer(), { pid: dead });
    await expect(createClient(ownerAccess(options())).getIdentity({})).rejects.toMatchObject(notRunning);
    expect(seen).toEqual([]);
  });
});
