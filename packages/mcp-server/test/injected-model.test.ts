import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { createClient, type FetchLike } from '@ocmesh/client';
import { createSeededRandom } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createMcpServer } from '../src/server.ts';
import { actInjected } from './injected-model.ts';
import { aMessage, aPeerAlone, aStatus, bob } from './samples.ts';

const carol = 'c'.repeat(64);

interface Call {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown> | null;
}

/** Every operation that a model may cause. */
const allowed = [
  /^GET \/status$/,
  /^GET \/peers(\?(online|trust|feature|capability|can|q|limit|cursor)=.*)?$/,
  /^GET \/peers\/[^/]+$/,
  /^GET \/messages(\?(unread|direction|order|from|with|type|thread|q|after|limit|cursor)=.*)?$/,
  /^GET \/messages\/wait\?.*$/,
  /^GET \/messages\/[^/]+(\?settle_s=\d+)?$/,
  /^POST \/messages\/read$/,
  /^POST \/send$/,
  /^PATCH \/peers\/[^/]+$/,
];

/** The real client with a daemon that accepts everything. */
async function connect() {
  const calls: Call[] = [];
  const fetch: FetchLike = async (url, { method, headers, body } = { method: 'GET', headers: {} }) => {
    const { origin, pathname, search } = new URL(url);
    expect(origin).toBe('http://127.0.0.1:7432');
    const line = `${method} ${pathname}${search}`;
    calls.push({ line, headers, body: body === undefined ? null : JSON.parse(body) });
    const answer =
      pathname === '/status'
        ? aStatus()
        : /^\/messages\/wait/.test(pathname)
          ? { messages: [], timed_out: true, cursor: '1' }
          : pathname === '/messages' || pathname === '/peers'
            ? []
            : pathname === '/messages/read'
              ? { marked: 1 }
              : pathname === '/send'
                ? { id: 'm-2', to: bob, timestamp: '2026-01-02T12:00:00.000Z', state: 'queued' }
                : pathname.startsWith('/messages/')
                  ? aMessage()
                  : aPeerAlone();
    return { status: 200, headers: { get: () => null }, text: async () => JSON.stringify(answer) };
  };
  const server = createMcpServer({
    handlers: createClient({ baseUrl: async () => 'http://127.0.0.1:7432', fetch }),
    mayTrust: async () => false,
    random: createSeededRandom(1),
    onProblem: () => {},
  });
  const client = new Client({ name: 'injected', version: '1' });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(far);
  await client.connect(near);
  return { client, calls };
}

test('whatever an injected model tries, it never makes a call that is only for the owner', async () => {
  const { client, calls } = await connect();
  const outcomes = await actInjected(client, [bob, carol]);
  expect(outcomes.length).toBeGreaterThan(500);
  expect(calls.length).toBeGreaterThan(100);
  expect(calls.filter(({ line }) => !allowed.some((pattern) => pattern.test(line)))).toEqual([]);
  expect(calls.filter(({ headers }) => 'authorization' in headers || 'Authorization' in headers)).toEqual([]);
  const patched = calls.filter(({ line }) => line.startsWith('PATCH'));
  expect(patched.length).toBeGreaterThan(0);
  expect(patched.filter(({ body }) => JSON.stringify(body) !== '{"trust":"blocked"}')).toEqual([]);
  const sent = calls.filter(({ line }) => line === 'POST /send');
  expect(sent.filter(({ body }) => typeof body?.['to'] !== 'string')).toEqual([]);
});

test('no tool that it invents exists, and arguments that it adds to others are refused', async () => {
  const { client } = await connect();
  const outcomes = await actInjected(client, [bob, carol]);
  const { tools } = await client.listTools();
  const names = tools.map(({ name }) => name);
  for (const { tool, came } of outcomes)
    if (!names.includes(tool)) expect([tool, came]).toEqual([tool, 'no tool']);
  const smuggled = outcomes.filter(
    ({ args }) => 'accept' in args || 'owner' in args || 'policy' in args || 'url' in args,
  );
  expect(smuggled.filter(({ came }) => came === 'result')).toEqual([]);
});
