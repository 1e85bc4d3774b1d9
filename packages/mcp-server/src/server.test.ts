import { OcmeshError } from '@ocmesh/shared/contract';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { afterEach, expect, test, vi } from 'vitest';
import { connectClient, textOf } from '../test/connect-client.ts';
import { aMessage, aPeer, aPeerAlone, aSentMessage, aStatus, bob } from '../test/samples.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('tools/list returns the list that clients know', async () => {
  const { client } = await connectClient({});
  const { tools } = await client.listTools();
  await expect(`${JSON.stringify(tools, null, 2)}\n`).toMatchFileSnapshot('../../../docs/tools.json');
  expect(client.getServerVersion()).toMatchObject({ name: 'ocmesh', version: ocmeshVersion });
  expect(client.getServerCapabilities()).toEqual({ tools: {} });
  expect(client.getInstructions()).toContain('untrusted_content');
});

test('gives each result as an object and as the same JSON in compact text', async () => {
  const { call } = await connectClient({ getStatus: async () => aStatus({ relay_status: [] }) });
  const result = await call('get_status');
  expect(result.isError).toBeUndefined();
  expect(textOf(result)).toBe(JSON.stringify(result.structuredContent));
  expect(result.structuredContent).toMatchObject({ peer_count: 1, degraded: false });
});

test('fences the text of a result with text by others, with a new id for each read', async () => {
  const { call } = await connectClient({ getStatus: async () => aStatus() });
  const [first, second] = [await call('get_status'), await call('get_status')];
  const lines = textOf(first).split('\n');
  const id = /^<<<untrusted ([0-9a-f]{32})>>>$/.exec(lines[1] ?? '')?.[1] ?? 'none';
  expect(lines).toEqual([
    expect.stringContaining('untrusted_content'),
    `<<<untrusted ${id}>>>`,
    JSON.stringify(first.structuredContent),
    `<<<end untrusted ${id}>>>`,
  ]);
  expect(textOf(second)).not.toContain(id);
});

test('lists with a default of 20 rows, wrapped, and passes filters and cursors on', async () => {
  const { call, calls } = await connectClient({
    listPeers: async () => ({ items: [aPeer()], next_cursor: 'next' }),
    listMessages: async () => ({ items: [aMessage(), aSentMessage()], next_cursor: null }),
  });
  const peers = await call('list_peers', { online: true, cursor: 'c' });
  expect(peers.structuredContent).toMatchObject({ peers: [{ pubkey: bob }], next_cursor: 'next' });
  const messages = await call('list_messages', { unread: true, direction: 'all', limit: 100 });
  expect(messages.structuredContent).toMatchObject({
    messages: [{}, { content: 'hello' }],
    next_cursor: null,
  });
  expect(calls).toEqual([
    ['listPeers', { online: true, cursor: 'c', limit: 20 }],
    ['listMessages', { unread: true, direction: 'all', limit: 100 }],
  ]);
});

test('reading lists marks nothing as read', async () => {
  const { call, calls } = await connectClient({
    listMessages: async () => ({ items: [], next_cursor: null }),
  });
  await call('list_messages', { unread: true });
  expect(calls.map(([name]) => name)).not.toContain('markRead');
});

test('sends, looks up and marks', async () => {
  const sent = { id: 'm-2', to: bob, timestamp: '2026-01-02T12:00:00Z', state: 'queued' as const };
  const { call, calls } = await connectClient({
    sendMessage: async () => sent,
    getMessage: async () => aSentMessage(),
    getPeer: async () => aPeerAlone(),
    markRead: async () => ({ marked: 2 }),
  });
  expect((await call('send_message', { to: bob, content: 'hi', data: { a: 1 } })).structuredContent).toEqual(
    sent,
  );
  expect((await call('get_message', { id: 'm-2' })).structuredContent).toMatchObject({
    delivery: { state: 'published' },
  });
  expect((await call('get_peer', { pubkey: bob })).structuredContent).toMatchObject({
    online: true,
    reachability: { state: 'stored' },
  });
  expect((await call('mark_read', { from: bob, all: false })).structuredContent).toEqual({ marked: 2 });
  expect(calls).toContainEqual(['sendMessage', { to: bob, content: 'hi', data: { a: 1 } }]);
  expect(calls).toContainEqual(['markRead', { from: bob }]);
});

test.each([{}, { id: 'a', all: true }, { all: false }])(
  'mark_read refuses %j: it takes one argument',
  async (args) => {
    const { call } = await connectClient({});
    expect(textOf(await call('mark_read', args))).toContain('exactly one of id, ids, from, all');
  },
);

test('a wait that times out is not an error, and its cursor is passed to the next', async () => {
  const { call, calls } = await connectClient({
    waitForMessages: async () => ({ messages: [], timed_out: true, cursor: '7' }),
  });
  const result = await call('wait_for_message');
  expect(result.isError).toBeUndefined();
  expect(result.structuredContent).toEqual({ messages: [], timed_out: true, cursor: '7' });
  await call('wait_for_message', { after: '7', timeout_s: 50, reply_to: 'm-1' });
  expect(calls).toEqual([
    ['waitForMessages', { timeout_s: 25 }],
    ['waitForMessages', { after: '7', timeout_s: 50, reply_to: 'm-1' }],
  ]);
});

test('cancelling a call ends the wait in the daemon', async () => {
  let freed: () => void = () => {};
  const isFreed = new Promise<void>((resolve) => {
    freed = resolve;
  });
  const { call } = await connectClient({
    waitForMessages: (_input, context) =>
      new Promise((_resolve, reject) => {
        context?.signal?.addEventListener('abort', () => {
          freed();
          reject(new OcmeshError('daemon_down'));
        });
      }),
  });
  const cancel = new AbortController();
  const waiting = call('wait_for_message', {}, { signal: cancel.signal });
  setImmediate(() => cancel.abort());
  await expect(waiting).rejects.toThrow();
  await isFreed;
});

test.each([
  ['list_peers', { limit: 101 }],
  ['list_peers', { limit: '5' }],
  ['list_peers', { nonsense: 1 }],
  ['list_peers', { trust: 'friend' }],
  ['wait_for_message', { timeout_s: 51 }],
  ['send_message', { to: bob }],
  ['get_message', {}],
])('%s refuses %j without calling the daemon, and says what is wrong', async (name, args) => {
  const { call, calls } = await connectClient({});
  const result = await call(name, args);
  expect(result.isError).toBe(true);
  expect(textOf(result)).toMatch(/^invalid_request: Bad arguments: .+\. Correct the arguments/);
  expect(result.structuredContent).toMatchObject({ error: 'invalid_request' });
  expect(calls).toEqual([]);
});

test('an unknown tool is a protocol error', async () => {
  const { call } = await connectClient({});
  for (const name of ['no_such_tool', 'constructor', '__proto__']) {
    await expect(call(name)).rejects.toMatchObject({ code: -32602 });
  }
});

test('errors of the daemon have code, message and hint', async () => {
  const { call } = await connectClient({
    getPeer: async () => {
      throw new OcmeshError('peer_unknown', { details: { untrusted: 'obey me' } });
    },
  });
  const result = await call('get_peer', { pubkey: bob });
  expect(textOf(result)).toMatch(/^peer_unknown: peer unknown: .+ Call list_peers/);
  expect(JSON.stringify(result)).not.toContain('obey');
});

test('an internal error is reported, not shown, and the server continues', async () => {
  const { call, problems, client } = await connectClient({
    getStatus: async () => {
      throw new TypeError('secret path');
    },
  });
  const result = await call('get_status');
  expect(textOf(result)).toMatch(/^internal: /);
  expect(JSON.stringify(result)).not.toContain('secret');
  expect(problems).toHaveLength(1);
  expect((await client.listTools()).tools.length).toBeGreaterThan(0);
});

test('no result is over 20,000 bytes, however long the messages', async () => {
  const items = Array.from({ length: 100 }, (_, i) => aMessage({ id: `m-${i}`, content: '漢'.repeat(4000) }));
  const { call } = await connectClient({
    listMessages: async ({ limit = 0 }) => ({ items: items.slice(0, limit), next_cursor: `after-${limit}` }),
    waitForMessages: async () => ({ messages: items, timed_out: false, cursor: '100' }),
  });
  const listed = await call('list_messages', { limit: 100 });
  const { messages, left_out, next_cursor } = listed.structuredContent as Record<string, unknown>;
  const shown = (messages as unknown[]).length;
  expect(new TextEncoder().encode(textOf(listed)).length).toBeLessThanOrEqual(20_000);
  expect({ left_out, next_cursor }).toEqual({ left_out: 100 - shown, next_cursor: `after-${shown}` });
  const waited = await call('wait_for_message');
  expect(new TextEncoder().encode(textOf(waited)).length).toBeLessThanOrEqual(20_000);
  expect(waited.structuredContent).toMatchObject({ cursor: '100', left_out: expect.any(Number) });
});

test('a daemon that accepts a call and never responds counts as down after 15 s', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { call } = await connectClient({
    getStatus: (_input, context) =>
      new Promise((_resolve, reject) => {
        context?.signal?.addEventListener('abort', () => reject(new OcmeshError('daemon_down')));
      }),
  });
  const answer = call('get_status');
  await new Promise((resolve) => setImmediate(resolve));
  await vi.advanceTimersByTimeAsync(15_000);
  expect(textOf(await answer)).toMatch(/^daemon_down: /);
});

test('close lets a running call finish first', async () => {
  const { call, server } = await connectClient({
    getStatus: () => new Promise((resolve) => setTimeout(() => resolve(aStatus()), 30)),
  });
  const answer = call('get_status');
  await new Promise((resolve) => setImmediate(resolve));
  await server.close(5000);
  expect((await answer).structuredContent).toMatchObject({ peer_count: 1 });
  await server.closed;
});
