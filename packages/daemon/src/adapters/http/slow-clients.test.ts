import { connect, type Socket } from 'node:net';
import { limits } from '@ocmesh/shared/contract';
import { watchSlowdown } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { openApi } from '../../../test/support/http-api.ts';
import { httpLimits } from './limits.ts';

interface SlowClient {
  readonly socket: Socket;
  text(): string;
  /** Milliseconds until the connection was closed. */
  readonly closedAfterMs: Promise<number>;
}

function openSocket(port: number, ...chunks: string[]): SlowClient {
  const began = performance.now();
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (data) => {
    text += data;
  });
  socket.on('error', () => {});
  for (const chunk of chunks) socket.write(chunk);
  const closedAfterMs = new Promise<number>((resolve) =>
    socket.once('close', () => resolve(performance.now() - began)),
  );
  return { socket, text: () => text, closedAfterMs };
}

/** Sends a byte now and then until the connection is closed. */
function drip({ socket }: SlowClient, byte: string): void {
  const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(byte)), 200);
  onTestFinished(() => clearInterval(timer));
}

const get = (path: string, own: string): string => `GET ${path} HTTP/1.1\r\nHost: ${own}\r\n`;
const post = (own: string): string =>
  `POST /messages/read HTTP/1.1\r\nHost: ${own}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n`;
/** The server checks its connections every five seconds. */
const CHECK_MS = 6_500;

// Node's time-outs use the real clock.
test('closes 200 slow clients, and serves others meanwhile', async () => {
  const api = await openApi({ getHealth: async () => ({ ok: true }) });
  const many = (...chunks: string[]) => Array.from({ length: 50 }, () => openSocket(api.port, ...chunks));
  const silent = many();
  const stopping = many(get('/healthz', api.own));
  const dripping = many(`${get('/healthz', api.own)}X-A: `);
  const bodies = many(post(api.own));
  for (const slow of dripping) drip(slow, 'a');
  for (const slow of bodies) drip(slow, ' ');
  const slow = [...silent, ...stopping, ...dripping, ...bodies];

  const slowdown = watchSlowdown();
  let slowestMs = 0;
  while (slow.some(({ socket }) => !socket.destroyed)) {
    const startedAt = performance.now();
    expect((await api.get('/healthz')).status).toBe(200);
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { factor: busy } = await slowdown.stop();
  // 5 ms on an idle machine.
  expect(slowestMs).toBeLessThan(1_000 * busy);
  for (const { closedAfterMs } of [...silent, ...stopping, ...dripping])
    expect(await closedAfterMs).toBeLessThan((httpLimits.headersMs + CHECK_MS) * busy);
  for (const { closedAfterMs } of bodies)
    expect(await closedAfterMs).toBeLessThan((limits.http.requestMs + CHECK_MS) * busy);
  const got408 = ({ text }: SlowClient): boolean => /^HTTP\/1.1 408 .*"error":"too_slow"/s.test(text());
  expect([...silent, ...stopping].every(got408)).toBe(true);
  // A client that keeps sending may not get to read it.
  expect([...dripping, ...bodies].every((one) => one.text() === '' || got408(one))).toBe(true);
  expect(new Set(api.calls.map(([name]) => name))).toEqual(new Set(['getHealth']));
});

test('closes a client that does not read its response, which fills our memory', async () => {
  const huge = 'x'.repeat(32 * 1024 * 1024);
  const api = await openApi({ listRelays: async () => [huge] as never });
  const slow = openSocket(api.port, `${get('/relays', api.own)}\r\n`);
  await new Promise((resolve) => slow.socket.once('readable', resolve));
  slow.socket.pause();
  await api.clock.advance(httpLimits.responseMs);
  slow.socket.resume();
  await slow.closedAfterMs;
  expect(slow.text().length).toBeLessThan(huge.length);
});

test('closes connections over the limit, and logs once', async () => {
  const api = await openApi({ getHealth: async () => ({ ok: true }) });
  const all = Array.from({ length: httpLimits.connections }, () => openSocket(api.port));
  await Promise.all(all.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
  for (let i = 0; i < 5; i++) await openSocket(api.port).closedAfterMs;
  expect(api.log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
    { fields: { connections: httpLimits.connections } },
  ]);
  const [first] = all;
  first?.socket.destroy();
  await first?.closedAfterMs;
  await expect.poll(async () => (await api.get('/healthz')).status).toBe(200);
});

test('closes the connection on garbage after a request under way', async () => {
  const api = await openApi({
    async *followEvents() {
      yield { id: 'ab:0', event: 'reset', data: { reason: 'too_old' } };
      await new Promise(() => {});
    },
  });
  const client = openSocket(api.port, `${get('/events', api.own)}\r\n`);
  await expect.poll(client.text).toContain('reset');
  client.socket.write('\0garbage\r\n\r\n');
  await client.closedAfterMs;
  expect(client.text()).not.toContain('invalid_request');
});
