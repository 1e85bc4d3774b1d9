import { followEvents } from '@ocmesh/client';
import { OcmeshError, type StreamEvent, type Streams } from '@ocmesh/shared/contract';
import { until } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { openApi } from '../../../test/support/http-api.ts';
import { createSignal } from '../../../test/support/signal.ts';
import { createTestMesh, settle } from '../../../test/support/test-agent.ts';

/** An event about nothing, whose data has this many bytes. */
const event = (number: number, bytes = 0): StreamEvent =>
  ({
    id: `ab:${number}`,
    event: 'status.changed',
    data: { degraded: false, reasons: [], padding: 'x'.repeat(bytes) } as StreamEvent['data'] & {
      reasons: [];
    },
  }) as StreamEvent;

const aborted = (signal: { addEventListener(type: 'abort', run: () => void): void }): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', resolve));

/** Says what it is given, then nothing more until the reader goes. */
const saying = (...events: StreamEvent[]): Streams['followEvents'] =>
  async function* (_input, { signal }) {
    const gone = aborted(signal);
    yield { id: 'ab:0', event: 'passed' };
    yield* events;
    await gone;
  };

/** A whole agent behind a real socket. */
async function openAgent() {
  const world = createTestMesh();
  const box = await world.start();
  const api = await openApi({ followEvents: box.followEvents });
  return { world, box, api };
}

const lastId = (text: string): string => [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '';
const namesIn = (text: string): string[] =>
  [...text.matchAll(/^event: (.*)$/gm)].map(([, name = '']) => name);

test('speaks Server-Sent Events, and begins with where a reader can come back to', async () => {
  const api = await openApi({ followEvents: saying(event(1), event(2)) });
  const stream = await api.follow('/events');
  await stream.said('id: ab:2');
  expect(stream.status).toBe(200);
  expect(stream.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  });
  const data = 'data: {"degraded":false,"reasons":[],"padding":""}\n\n';
  expect(stream.text()).toBe(
    'retry: 3000\n\nid: ab:0\n\n' +
      `id: ab:1\nevent: status.changed\n${data}id: ab:2\nevent: status.changed\n${data}`,
  );
});

test('writes a comment every 15 seconds', async () => {
  const api = await openApi({ followEvents: saying() });
  const stream = await api.follow('/events');
  await stream.said('id: ab:0');
  await api.clock.advance(14_999);
  expect(stream.text()).not.toContain(':\n\n:');
  await api.clock.advance(1);
  await stream.said('\n\n:\n\n');
  await api.clock.advance(15_000);
  await stream.said('\n\n:\n\n:\n\n');
});

test('a reader that comes back gets what it missed, and nothing twice', async () => {
  const { world, api } = await openAgent();
  const bob = world.fakePeer('bob');
  const first = await api.follow('/events');
  await first.said('id: ');
  world.relay.push(bob.presence({ name: 'Bob' }));
  await first.said('event: peer.online');
  first.leave();
  await first.ended;
  world.relay.push(world.fakePeer('carol').presence({ name: 'Carol' }));
  await settle(world.clock);
  const second = await api.follow('/events', { 'Last-Event-ID': lastId(first.text()) });
  await second.said('event: peer.online');
  expect(namesIn(second.text())).toEqual(['peer.discovered', 'peer.online']);
  expect(second.text()).toContain('Carol');
  expect(second.text()).not.toContain('Bob');
});

test('a reader that comes back after a restart is told to look at everything anew, and goes on from there', async () => {
  const { world, api } = await openAgent();
  const stream = await api.follow('/events?types=peer.discovered', { 'Last-Event-ID': 'abad1dea:5' });
  await stream.said('event: reset\ndata: {"reason":"restarted"}');
  world.relay.push(world.fakePeer('bob').presence());
  await stream.said('event: peer.discovered');
});

test('the newest number of this start, and what is no id at all', async () => {
  const { api } = await openAgent();
  const stream = await api.follow('/events');
  await stream.said('id: ');
  const [epoch] = lastId(stream.text()).split(':');
  for (const id of [`${epoch}:999999`, `${epoch}:-1`, `${epoch}:01`, 'nonsense', ':', '__proto__']) {
    const other = await api.follow('/events', { 'Last-Event-ID': id });
    await other.said('data: {"reason":"unknown_id"}');
    other.leave();
  }
});

test('tells only of the types that were asked for', async () => {
  const { world, api } = await openAgent();
  const stream = await api.follow('/events?types=peer.online,message.received');
  await stream.said('id: ');
  const before = lastId(stream.text());
  world.relay.push(world.fakePeer('bob').presence());
  await stream.said('event: peer.online');
  expect(namesIn(stream.text())).toEqual(['peer.online']);
  // What it was not told of counts as passed, so that it is never too far behind to come back.
  world.relay.push(world.fakePeer('carol').presence({ offline: true }), world.fakePeer('dave').presence());
  await stream.said('id: ');
  expect(lastId(stream.text())).not.toBe(before);
});

test.each(['nonsense', '', 'peer.online,', 'peer.online,nonsense', 'reset', 'peerxonline'])(
  'the type %j is refused',
  async (types) => {
    const api = await openApi({ followEvents: saying() });
    const { status, json } = await api.get(`/events?types=${types}`);
    expect([status, json['error'], json['details']]).toEqual([
      400,
      'invalid_request',
      { field: 'types', rule: 'pattern' },
    ]);
  },
);

test('holds 32 readers; one more is told to come later, until one goes', async () => {
  const { api } = await openAgent();
  const streams = await Promise.all(Array.from({ length: 32 }, () => api.follow('/events')));
  const refused = await api.get('/events');
  expect([refused.status, refused.json['error'], refused.headers.get('retry-after')]).toEqual([
    429,
    'too_many_streams',
    '5',
  ]);
  streams[7]?.leave();
  await until(async () => {
    const next = await api.follow('/events');
    const { status } = next;
    next.leave();
    return status === 200;
  });
});

test('frees everything at once when the reader goes', async () => {
  const freed = createSignal();
  const api = await openApi({
    async *followEvents(_input, { signal }) {
      const gone = aborted(signal);
      try {
        yield { id: 'ab:0', event: 'passed' };
        await gone;
      } finally {
        freed.fire();
      }
    },
  });
  const before = api.clock.pending();
  const stream = await api.follow('/events');
  await stream.said('id: ab:0');
  stream.leave();
  await freed.fired;
  expect(api.clock.pending()).toBe(before);
});

test('one that does not read is cut off, holds little meanwhile, and the others are not held up', async () => {
  const freed = createSignal();
  let taken = 0;
  const api = await openApi({
    async *followEvents({ types }, { signal }) {
      if (types !== undefined) return yield* saying(event(1))({}, { signal });
      try {
        while (!signal.aborted) yield event(taken++, 100_000);
      } finally {
        freed.fire();
      }
    },
  });
  const slow = await api.follow('/events', {}, false);
  const other = await api.follow('/events?types=status.changed');
  await other.said('id: ab:1');
  let cut = false;
  void freed.fired.then(() => {
    cut = true;
  });
  await until(async () => {
    await api.clock.advance(15_000);
    return cut;
  });
  // What the system buffers for a socket, and one event.
  expect(taken).toBeLessThan(200);
  await other.said('\n\n:\n\n');
  slow.leave();
});

test('a fast reader gets three megabytes at once without being cut', async () => {
  const api = await openApi({
    followEvents: saying(...Array.from({ length: 300 }, (_, number) => event(number, 10_000))),
  });
  const stream = await api.follow('/events');
  await stream.said('id: ab:299');
  expect(namesIn(stream.text())).toHaveLength(300);
});

test('streams end when the server closes', async () => {
  const api = await openApi({ followEvents: saying(event(1)) });
  const streams = await Promise.all([api.follow('/events'), api.follow('/events')]);
  for (const stream of streams) await stream.said('id: ab:1');
  await api.server.close();
  await Promise.all(streams.map(({ ended }) => ended));
});

test('the guard stands before it, and nothing but GET opens it', async () => {
  const opened: unknown[] = [];
  const api = await openApi({
    followEvents(input, context) {
      opened.push(input);
      return saying()(input, context);
    },
  });
  expect((await api.get('/events', { Origin: 'https://evil.example' })).status).toBe(403);
  expect((await api.get('/events', { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
  expect((await api.get('/events', { Host: 'evil.example' })).status).toBe(421);
  expect((await api.raw(['HEAD /events HTTP/1.1', `Host: ${api.own}`])).status).toBe(405);
  expect((await api.post('/events', '{}')).status).toBe(405);
  expect(opened).toEqual([]);
});

test('a mistake of ours in the midst of a stream is logged and ends it', async () => {
  const arrived = createSignal();
  const api = await openApi({
    async *followEvents() {
      yield event(1);
      await arrived.fired;
      throw new TypeError('secret insides');
    },
  });
  const stream = await api.follow('/events');
  await stream.said('id: ab:1');
  arrived.fire();
  await stream.ended;
  expect(stream.text()).not.toContain('secret insides');
  expect(api.log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
});

test('the typed client follows, resumes and says why it cannot', async () => {
  const { world, api } = await openAgent();
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const options = { baseUrl: () => `http://${api.own}`, fetch, signal: leaving.signal };
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ name: 'Böb 👋' }));
  await settle(world.clock);
  const types = 'peer.discovered,message.received';
  const seen: StreamEvent[] = [];
  for await (const each of followEvents({ last_event_id: 'nonsense' }, options)) {
    seen.push(each);
    break;
  }
  expect(seen).toMatchObject([{ event: 'reset', data: { reason: 'unknown_id' } }]);
  const [epoch] = seen[0]?.id.split(':') ?? [];
  for await (const each of followEvents({ types, last_event_id: `${epoch}:0` }, options)) {
    seen.push(each);
    break;
  }
  expect(seen[1]).toMatchObject({ event: 'peer.discovered', data: { name: 'Böb 👋', online: true } });
  const refused = followEvents({ types: 'nonsense' }, options).next();
  await expect(refused).rejects.toMatchObject({ code: 'invalid_request' });
  const closed = api.server.close();
  // A connection that `fetch` opened in advance counts as busy: it is cut when the time for a stop is over.
  await api.clock.advance(5_000);
  await closed;
  await expect(followEvents({}, options).next()).rejects.toBeInstanceOf(OcmeshError);
});
