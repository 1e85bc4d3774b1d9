import { connect, type Socket } from 'node:net';
import { limits } from '@ocmesh/shared/contract';
import { watchSlowdown } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { openApi } from '../../../test/support/http-api.ts';

interface Slow {
  readonly socket: Socket;
  text(): string;
  /** Milliseconds until it was closed. */
  readonly closedAfterMs: Promise<number>;
}

function openSocket(port: number, ...words: string[]): Slow {
  const began = performance.now();
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (data) => {
    text += data;
  });
  socket.on('error', () => {});
  for (const word of words) socket.write(word);
  const closedAfterMs = new Promise<number>((resolve) =>
    socket.once('close', () => resolve(performance.now() - began)),
  );
  return { socket, text: () => text, closedAfterMs };
}

/** A byte now and then, for as long as somebody listens. */
function drip({ socket }: Slow, byte: string): void {
  const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(byte)), 200);
  onTestFinished(() => clearInterval(timer));
}

const get = (path: string, own: string): string => `GET ${path} HTTP/1.1\r\nHost: ${own}\r\n`;
const post = (own: string): string =>
  `POST /messages/read HTTP/1.1\r\nHost: ${own}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n`;
/** Node looks at the connections once a second. */
const LOOK_MS = 2_500;

// The time-outs of Node know no clock but the real one.
test('200 slow clients are cut off, and keep nobody else from an answer', async () => {
  const api = await openApi({ getHealth: async () => ({ ok: true }) });
  const many = (...words: string[]) => Array.from({ length: 50 }, () => openSocket(api.port, ...words));
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
    const asked = performance.now();
    expect((await api.get('/healthz')).status).toBe(200);
    slowestMs = Math.max(slowestMs, performance.now() - asked);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { times: busy } = await slowdown.stop();
  // 5 ms on an idle machine.
  expect(slowestMs).toBeLessThan(1_000 * busy);
  for (const { closedAfterMs } of [...silent, ...stopping, ...dripping])
    expect(await closedAfterMs).toBeLessThan((limits.httpHeadersMs + LOOK_MS) * busy);
  for (const { closedAfterMs } of bodies)
    expect(await closedAfterMs).toBeLessThan((limits.httpRequestMs + LOOK_MS) * busy);
  const isTold = ({ text }: Slow): boolean => /^HTTP\/1.1 408 .*"error":"too_slow"/s.test(text());
  expect([...silent, ...stopping].every(isTold)).toBe(true);
  // Who goes on sending may not get to read it.
  expect([...dripping, ...bodies].every((one) => one.text() === '' || isTold(one))).toBe(true);
  expect(new Set(api.calls.map(([name]) => name))).toEqual(new Set(['getHealth']));
});

test('a client that does not take its answer is cut off, so that it does not fill the memory', async () => {
  const huge = 'x'.repeat(32 * 1024 * 1024);
  const api = await openApi({ listRelays: async () => [huge] as never });
  const slow = openSocket(api.port, `${get('/relays', api.own)}\r\n`);
  await new Promise((resolve) => slow.socket.once('readable', resolve));
  slow.socket.pause();
  await api.clock.advance(limits.httpAnswerMs);
  slow.socket.resume();
  await slow.closedAfterMs;
  expect(slow.text().length).toBeLessThan(huge.length);
});

test('beyond so many connections new ones are closed, with one word in the log', async () => {
  const api = await openApi({ getHealth: async () => ({ ok: true }) });
  const all = Array.from({ length: limits.httpConnections }, () => openSocket(api.port));
  await Promise.all(all.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
  for (let i = 0; i < 5; i++) await openSocket(api.port).closedAfterMs;
  expect(api.log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
    { fields: { connections: limits.httpConnections } },
  ]);
  const [first] = all;
  first?.socket.destroy();
  await first?.closedAfterMs;
  await expect.poll(async () => (await api.get('/healthz')).status).toBe(200);
});

test('garbage behind a request that is being answered ends the connection', async () => {
  const api = await openApi({
    async *followEvents() {
      yield { id: 'ab:0', event: 'reset', data: { reason: 'too_old' } };
      await new Promise(() => {});
    },
  });
  const rude = openSocket(api.port, `${get('/events', api.own)}\r\n`);
  await expect.poll(rude.text).toContain('reset');
  rude.socket.write('\0garbage\r\n\r\n');
  await rude.closedAfterMs;
  expect(rude.text()).not.toContain('invalid_request');
});
