import { followEvents } from '@ocmesh/client';
import { OcmeshError, type StreamEvent, type Streams } from '@ocmesh/shared/contract';
import { until } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { openApi } from '../../../test/support/http-api.ts';
import { createSignal } from '../../../test/support/signal.ts';
import { createTestMesh, settle } from '../../../test/support/test-agent.ts';

/** An event with this many bytes of meaningless data. */
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

/** Streams these events, then nothing until the client disconnects. */
const streaming = (...events: StreamEvent[]): Streams['followEvents'] =>
  async function* (_input, { signal }) {
    const gone = aborted(signal);
    yield { id: 'ab:0', event: 'passed' };
    yield* events;
    await gone;
  };

/** A whole agent behind a real socket. */
async function openAgent() {
  const world = createTestMesh();
  const agent = await world.start();
  const api = await openApi({ followEvents: agent.followEvents });
  return { world, agent, api };
}

const lastId = (text: string): string => [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '';
const namesIn = (text: string): string[] =>
  [...text.matchAll(/^event: (.*)$/gm)].map(([, name = '']) => name);

test('sends Server-Sent Events, starting with an id that a client can resume from', async () => {
  const api = await openApi({ followEvents: streaming(event(1), event(2)) });
  const stream = await api.follow('/events');
  await stream.received('id: ab:2');
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
  const api = await openApi({ followEvents: streaming() });
  const stream = await api.follow('/events');
  await stream.received('id: ab:0');
  await api.clock.advance(14_999);
  expect(stream.text()).not.toContain(':\n\n:');
  await api.clock.advance(1);
  await stream.received('\n\n:\n\n');
  await api.clock.advance(15_000);
  await stream.received('\n\n:\n\n:\n\n');
});

test('sends a client that resumes what it missed, and nothing twice', async () => {
  const { world, api } = await openAgent();
  const bob = world.fakePeer('bob');
  const first = await api.follow('/events');
  await first.received('id: ');
  world.relay.push(bob.presence({ name: 'Bob' }));
  await first.received('event: peer.online');
  first.disconnect();
  await first.ended;
  world.relay.push(world.fakePeer('carol').presence({ name: 'Carol' }));
  await settle(world.clock);
  const second = await api.follow('/events', { 'Last-Event-ID': lastId(first.text()) });
  await second.received('event: peer.online');
  expect(namesIn(second.text())).toEqual(['peer.discovered', 'peer.online']);
  expect(second.text()).toContain('Carol');
  expect(second.text()).not.toContain('Bob');
});

test('sends a client that resumes after a restart a reset, then new events', async () => {
  const { world, api } = await openAgent();
  const stream = await api.follow('/events?types=peer.discovered', { 'Last-Event-ID': 'abad1dea:5' });
  await stream.received('event: reset\ndata: {"reason":"restarted"}');
  world.relay.push(world.fakePeer('bob').presence());
  await stream.received('event: peer.discovered');
});

test('sends a reset for an id beyond the newest and for a malformed one', async () => {
  const { api } = await openAgent();
  const stream = await api.follow('/events');
  await stream.received('id: ');
  const [epoch] = lastId(stream.text()).split(':');
  for (const id of [`${epoch}:999999`, `${epoch}:-1`, `${epoch}:01`, 'nonsense', ':', '__proto__']) {
    const other = await api.follow('/events', { 'Last-Event-ID': id });
    await other.received('data: {"reason":"unknown_id"}');
    other.disconnect();
  }
});

test('sends only events of the requested types', async () => {
  const { world, api } = await openAgent();
  const stream = await api.follow('/events?types=peer.online,message.received');
  await stream.received('id: ');
  const before = lastId(stream.text());
  world.relay.push(world.fakePeer('bob').presence());
  await stream.received('event: peer.online');
  expect(namesIn(stream.text())).toEqual(['peer.online']);
  // Events of other types advance the id, so that the client never falls too far behind to resume.
  world.relay.push(world.fakePeer('carol').presence({ offline: true }), world.fakePeer('dave').presence());
  await stream.received('id: ');
  expect(lastId(stream.text())).not.toBe(before);
});

test.each(['nonsense', '', 'peer.online,', 'peer.online,nonsense', 'reset', 'peerxonline'])(
  'refuses the type %j',
  async (types) => {
    const api = await openApi({ followEvents: streaming() });
    const { status, json } = await api.get(`/events?types=${types}`);
    expect([status, json['error'], json['details']]).toEqual([
      400,
      'invalid_request',
      { field: 'types', rule: 'pattern' },
    ]);
  },
);

test('serves 32 clients; one more has to retry until one leaves', async () => {
  const { api } = await openAgent();
  const streams = await Promise.all(Array.from({ length: 32 }, () => api.follow('/events')));
  const refused = await api.get('/events');
  expect([refused.status, refused.json['error'], refused.headers.get('retry-after')]).toEqual([
    429,
    'too_many_streams',
    '5',
  ]);
  streams[7]?.disconnect();
  await until(async () => {
    const next = await api.follow('/events');
    const { status } = next;
    next.disconnect();
    return status === 200;
  });
});

test('frees everything as soon as the client disconnects', async () => {
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
  await stream.received('id: ab:0');
  stream.disconnect();
  await freed.fired;
  expect(api.clock.pending()).toBe(before);
});

test('drops a client that does not read, buffers little for it, and does not delay the others', async () => {
  const freed = createSignal();
  let sent = 0;
  const api = await openApi({
    async *followEvents({ types }, { signal }) {
      if (types !== undefined) return yield* streaming(event(1))({}, { signal });
      try {
        while (!signal.aborted) yield event(sent++, 100_000);
      } finally {
        freed.fire();
      }
    },
  });
  const slow = await api.follow('/events', {}, false);
  const other = await api.follow('/events?types=status.changed');
  await other.received('id: ab:1');
  let isDropped = false;
  void freed.fired.then(() => {
    isDropped = true;
  });
  await until(async () => {
    await api.clock.advance(15_000);
    return isDropped;
  });
  // The socket buffers of the system, and one event.
  expect(sent).toBeLessThan(200);
  await other.received('\n\n:\n\n');
  slow.disconnect();
});

test('sends a fast client three megabytes at once without dropping it', async () => {
  const api = await openApi({
    followEvents: streaming(...Array.from({ length: 300 }, (_, number) => event(number, 10_000))),
  });
  const stream = await api.follow('/events');
  await stream.received('id: ab:299');
  expect(namesIn(stream.text())).toHaveLength(300);
});

test('ends streams when the server closes', async () => {
  const api = await openApi({ followEvents: streaming(event(1)) });
  const streams = await Promise.all([api.follow('/events'), api.follow('/events')]);
  for (const stream of streams) await stream.received('id: ab:1');
  await api.server.close();
  await Promise.all(streams.map(({ ended }) => ended));
});

test('opens a stream only for GET, and only behind the browser guard', async () => {
  const opened: unknown[] = [];
  const api = await openApi({
    followEvents(input, context) {
      opened.push(input);
      return streaming()(input, context);
    },
  });
  expect((await api.get('/events', { Origin: 'https://evil.example' })).status).toBe(403);
  expect((await api.get('/events', { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
  expect((await api.get('/events', { Host: 'evil.example' })).status).toBe(421);
  expect((await api.raw(['HEAD /events HTTP/1.1', `Host: ${api.own}`])).status).toBe(405);
  expect((await api.post('/events', '{}')).status).toBe(405);
  expect(opened).toEqual([]);
});

test('logs an internal error in the middle of a stream, and ends it', async () => {
  const arrived = createSignal();
  const api = await openApi({
    async *followEvents() {
      yield event(1);
      await arrived.fired;
      throw new TypeError('secret internals');
    },
  });
  const stream = await api.follow('/events');
  await stream.received('id: ab:1');
  arrived.fire();
  await stream.ended;
  expect(stream.text()).not.toContain('secret internals');
  expect(api.log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
});

test('the typed client follows, resumes, and reports why it cannot', async () => {
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
  // A connection that `fetch` opened in advance counts as busy: it is closed when the time for a stop is over.
  await api.clock.advance(5_000);
  await closed;
  await expect(followEvents({}, options).next()).rejects.toBeInstanceOf(OcmeshError);
});
