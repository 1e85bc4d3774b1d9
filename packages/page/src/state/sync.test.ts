import { OcmeshError } from '@ocmesh/shared/contract';
import { aMessage, aPeer, aSentMessage, createFakeClock, createSeededRandom } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { createFakeDaemon, type FakeDaemon, testPorts } from '../../test/fake-daemon.ts';
import { createPageState } from './index.ts';
import { pageLimits } from './limits.ts';

const keyOf = (n: number): string => n.toString(16).padStart(64, '0');

function open(options: Parameters<typeof createFakeDaemon>[1] = {}) {
  const clock = createFakeClock();
  const daemon = createFakeDaemon(clock, options);
  let sessionEnds = 0;
  const state = createPageState({
    api: daemon.api,
    ports: testPorts(clock),
    newKey: () => 'key',
    onSessionEnd: () => {
      sessionEnds++;
    },
  });
  onTestFinished(state.stop);
  state.start();
  return { clock, daemon, state, sessionEnds: () => sessionEnds };
}

/** What the page shows, and what REST says. */
const shown = ({ data }: ReturnType<typeof open>['state']) => ({
  status: data.status.value,
  peers: data.peers.all.value,
  messages: data.messages.all.value,
  requests: data.requests.value,
});
const actual = (daemon: FakeDaemon) => ({
  status: daemon.status(),
  peers: daemon.peers,
  messages: daemon.messages,
  requests: [...daemon.requests.values()],
});

test('fetches everything once the stream is open', async () => {
  const { clock, daemon, state } = open();
  daemon.peers.set(keyOf(1), aPeer({ pubkey: keyOf(1) }));
  await clock.advance(100);
  expect(shown(state)).toEqual(actual(daemon));
  expect(state.data.link.value).toBe('live');
});

test('events change what is shown, and what they do not say is fetched', async () => {
  const { clock, daemon, state } = open();
  await clock.advance(100);
  daemon.peers.set(keyOf(1), aPeer({ pubkey: keyOf(1), unread_count: 1 }));
  daemon.emit({ event: 'peer.discovered', data: aPeer({ pubkey: keyOf(1) }) });
  daemon.receive({ id: 'm1', from: keyOf(1) });
  daemon.setStatus({ unread_count: 1 });
  // A message that another program sent: only its state is in the stream.
  const sent = aSentMessage({ id: 'm2', to: keyOf(1) });
  daemon.messages.set('m2', sent);
  daemon.emit({
    event: 'message.state',
    data: { id: 'm2', to: keyOf(1), state: 'published', delivery: sent.delivery },
  });
  await clock.advance(500);
  expect(shown(state)).toEqual(actual(daemon));
});

test('what was fetched is not replaced by an older event that came meanwhile', async () => {
  const { clock, daemon, state } = open({ delayMs: 200 });
  daemon.peers.set(keyOf(1), aPeer({ pubkey: keyOf(1), alias: 'new' }));
  await clock.advance(50);
  daemon.emit({ event: 'peer.online', data: aPeer({ pubkey: keyOf(1), alias: 'old' }) });
  await clock.advance(1_000);
  expect(state.data.peers.get(keyOf(1))?.alias).toBe('new');
});

test('a change between the answer and its arrival is not lost', async () => {
  const { clock, daemon, state } = open({ delayMs: 200 });
  await clock.advance(50);
  // The answer to the first calls was read before.
  daemon.receive({ id: 'm1' });
  await clock.advance(1_500);
  expect(shown(state)).toEqual(actual(daemon));
});

test('after each of 50 dropped streams, the state is that of REST', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  const random = createSeededRandom(seed);
  const below = (bound: number): number => Math.floor(random.unit() * bound);
  const { clock, daemon, state } = open({ delayMs: 20 });
  await clock.advance(1_000);
  const change = (n: number): void => {
    const pubkey = keyOf(below(30));
    const peer = aPeer({ pubkey, online: below(2) === 0, alias: below(3) === 0 ? `alias ${n}` : null });
    const kind = below(6);
    if (kind === 0) {
      daemon.peers.delete(pubkey);
      return;
    }
    if (kind === 1) return daemon.receive({ id: `m${n}`, from: pubkey });
    const [first] = daemon.messages.values();
    if (kind === 2 && first) {
      const delivery = { ...first.delivery, kept_by: n };
      daemon.messages.set(first.id, { ...first, delivery });
      return daemon.emit({
        event: 'message.state',
        data: { id: first.id, to: first.to, state: 'read', delivery },
      });
    }
    daemon.peers.set(pubkey, peer);
    // Without an event: an alias, a note, trust.
    if (kind === 3) return;
    daemon.emit({ event: peer.online ? 'peer.online' : 'peer.offline', data: peer });
    if (kind !== 4) return;
    daemon.requests.set(pubkey, {
      direction: 'in',
      since: peer.first_seen,
      peer,
      message_count: 1,
      messages: [],
    });
    daemon.emit({ event: 'request.waiting', data: peer });
  };
  for (let round = 0; round < 50; round++) {
    for (let n = 0; n < below(4); n++) change(round * 100 + n);
    daemon.drop();
    if (round % 7 === 6) daemon.restart();
    for (let n = 0; n < below(40); n++) change(round * 100 + 10 + n);
    daemon.setStatus({ unread_count: round });
    await clock.advance(2_000);
    expect(shown(state), `round ${round}`).toEqual(actual(daemon));
  }
});

test('a lost stream is shown, and opened again', async () => {
  const { clock, daemon, state } = open();
  await clock.advance(100);
  daemon.refuse(new OcmeshError('daemon_down'));
  daemon.drop();
  await clock.advance(60_000);
  expect(state.data.link.value).toBe('lost');
  daemon.refuse(null);
  await clock.advance(pageLimits.reconnectMaxMs);
  expect(state.data.link.value).toBe('live');
});

test('a session that is over ends everything', async () => {
  const { clock, daemon, state, sessionEnds } = open();
  await clock.advance(100);
  daemon.refuse(new OcmeshError('page_session_required'));
  daemon.drop();
  await clock.advance(60_000);
  expect(sessionEnds()).toBe(1);
  const before = daemon.calls.length;
  await clock.advance(600_000);
  expect(daemon.calls.length).toBe(before);
  expect(state.data.link.value).not.toBe('live');
});

test('keeps the newest messages only, however many arrive', async () => {
  const { clock, daemon, state } = open({ kept: 100_000 });
  await clock.advance(100);
  for (let n = 0; n < 4_000; n++) {
    daemon.receive({ id: `m${n}`, timestamp: new Date(n * 1000).toISOString() });
    if (n % 50 === 0) await clock.advance(pageLimits.gatherMs);
  }
  await clock.advance(pageLimits.gatherMs);
  const kept = state.data.messages.all.value;
  expect(kept.size).toBeLessThanOrEqual(pageLimits.keptMessages * 1.5);
  expect(kept.has('m3999')).toBe(true);
});

test('reports what happens, once', async () => {
  const { clock, daemon, state } = open();
  const seen: string[] = [];
  state.onActivity(({ event }) => seen.push(event));
  await clock.advance(100);
  daemon.receive({ id: 'm1' });
  await clock.advance(200);
  daemon.drop();
  daemon.receive({ id: 'm2' });
  await clock.advance(1_000);
  expect(seen).toEqual(['message.received', 'message.received']);
});

test('the open conversation follows what arrives', async () => {
  const { clock, daemon, state } = open();
  const pubkey = keyOf(1);
  await clock.advance(100);
  state.threads.show(pubkey);
  await clock.advance(100);
  daemon.receive({ id: 'm1', from: pubkey });
  daemon.receive({ id: 'other', from: keyOf(2) });
  await clock.advance(500);
  expect(state.threads.open.value?.messages?.map(({ id }) => id)).toEqual(['m1']);
  expect(aMessage().read).toBe(false);
});
