import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type RecordingProxy,
  startConnectProxy,
  startSocksProxy,
  until,
  waitForMessages,
} from '@ocmesh/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { createMesh } from './support/mesh.ts';
import { runOcmesh } from './support/run-ocmesh.ts';

/** A name that only the proxies can resolve. */
const RELAY = 'ws://relay.example:7777';
const ROUTE = 'relay.example:7777';
const preload = pathToFileURL(join(import.meta.dirname, 'support/record-sockets.mjs')).href;

/** Returns what a program did at its sockets, without calls to daemons on this machine. */
function recorded(file: string, ...own: readonly RecordingProxy[]): string[] {
  const expected = own.map(({ port }) => `connect 127.0.0.1:${port}`);
  return [...new Set(readFileSync(file, 'utf8').trim().split('\n'))].filter(
    (line) => !expected.includes(line),
  );
}

it('two agents talk through a SOCKS5 and a CONNECT proxy, and nothing goes around these, also while they are down', async () => {
  const mesh = createMesh();
  const relay = await mesh.startRelay(['--service-url', RELAY]);
  const routes = { [ROUTE]: Number(new URL(relay.url).port) };
  const socks = await startSocksProxy({ routes, credentials: 'alice:s3cret' });
  const connect = await startConnectProxy({ routes, credentials: 'bob:s3cret' });
  onTestFinished(() => Promise.all([socks.stop(), connect.stop()]).then(() => {}));
  const record = (name: string) => ({
    SOCKET_RECORD: join(mesh.place, `${name}.sockets`),
    NODE_OPTIONS: `--import ${preload}`,
  });
  // One by the setting, which wins, the other as every tool reads it.
  mkdirSync(join(mesh.place, 'alice'), { mode: 0o700 });
  const address = socks.url.replace('://', '://alice:s3cret@');
  writeFileSync(join(mesh.place, 'alice/config.json'), JSON.stringify({ proxy: address }));
  const alice = await mesh.startAgent('alice', [RELAY], {
    ...record('alice'),
    HTTPS_PROXY: 'http://127.0.0.1:9',
  });
  const bob = await mesh.startAgent('bob', [RELAY], {
    ...record('bob'),
    https_proxy: connect.url.replace('://', '://bob:s3cret@'),
  });
  await mesh.meet(alice, bob);
  await alice.owner.sendMessage({ to: bob.pubkey, content: 'through both' });
  expect((await waitForMessages(bob)).messages).toMatchObject([{ content: 'through both' }]);

  const env = { OCMESH_HOME: alice.home, OCMESH_RELAYS: RELAY, ...record('commands') };
  const doctor = await runOcmesh(mesh.place, ['doctor', '--json'], env);
  expect(JSON.parse(doctor.stdout)).toMatchObject({ checks: expect.any(Array) });
  const test = await runOcmesh(mesh.place, ['relays', 'test', RELAY, '--json'], env);
  expect(JSON.parse(test.stdout)).toMatchObject([{ url: RELAY, state: 'connected', kind_1059: 'yes' }]);
  const status = await runOcmesh(mesh.place, ['status'], env);
  expect(status.stdout).toContain(
    `proxy     socks5h://127.0.0.1:${socks.port}, from ${alice.home}/config.json`,
  );

  // Bob's proxy is known to his daemon only: no command goes around it.
  const unaware = { OCMESH_HOME: bob.home, OCMESH_RELAYS: RELAY, ...record('unaware') };
  const refused = await runOcmesh(mesh.place, ['relays', 'test', RELAY], unaware);
  expect(refused.stderr).toContain(`The daemon reaches relays through http://127.0.0.1:${connect.port}`);
  const warned = await runOcmesh(mesh.place, ['doctor'], unaware);
  expect(warned.stdout).toContain('no proxy is set here');
  expect(recorded(record('unaware').SOCKET_RECORD)).toEqual([`connect 127.0.0.1:${new URL(bob.url).port}`]);

  await socks.stop();
  const trouble = `the proxy socks5h://127.0.0.1:${socks.port} cannot be reached (ECONNREFUSED)`;
  await until(async () => (await alice.api.listRelays({}))[0]?.last_error === trouble);
  const relays = await runOcmesh(mesh.place, ['relays', '--json'], env);
  expect(relays.stdout).toContain(trouble);
  const broken = await runOcmesh(mesh.place, ['doctor'], env);
  expect(broken.code).not.toBe(0);
  expect(broken.stdout).toContain(trouble);
  const { id } = await alice.owner.sendMessage({ to: bob.pubkey, content: 'after the pause' });
  await socks.restart();
  await until(async () => (await alice.api.getMessage({ id })).delivery.state === 'delivered');
  expect((await bob.api.listMessages({ unread: true })).items).toHaveLength(2);

  expect(new Set([...socks.asked, ...connect.asked])).toEqual(new Set([ROUTE]));
  expect(recorded(record('alice').SOCKET_RECORD, socks)).toEqual([]);
  expect(recorded(record('bob').SOCKET_RECORD, connect)).toEqual([]);
  const { port } = new URL(alice.url);
  expect(recorded(record('commands').SOCKET_RECORD, socks)).toEqual([`connect 127.0.0.1:${port}`]);
  const log = ['alice', 'bob'].map((name) => readFileSync(join(mesh.place, name, 'ocmesh.log'), 'utf8'));
  expect(
    [...log, doctor.stdout, broken.stdout, relays.stdout, status.stdout, mesh.transcript()].join(),
  ).not.toContain('s3cret');
});
