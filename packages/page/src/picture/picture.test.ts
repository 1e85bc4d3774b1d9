import { aMessage, aPeer, aRelay, createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { current, effectsOf, PULSE_MS, TRAVEL_MS } from './effects.ts';
import { layOut, peerAt } from './layout.ts';
import { createPicture, SINGLE_PEERS } from './model.ts';

const keyOf = (n: number): string => n.toString(16).padStart(64, '0');
const peersOf = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    aPeer({
      pubkey: keyOf(n),
      online: n % 3 > 0,
      trust: n % 7 === 0 ? 'contact' : n % 50 === 1 ? 'blocked' : 'stranger',
    }),
  );
const relays = [aRelay(), aRelay({ url: 'wss://two.example' })];
const sizes = [
  [320, 480],
  [1000, 400],
  [1600, 480],
] as const;

test.each([1, 2, 10, SINGLE_PEERS, SINGLE_PEERS + 1, 200, 2_000])('%i peers have a place each', (count) => {
  const picture = createPicture(relays, peersOf(count), []);
  for (const [width, height] of sizes) {
    const { peers, relays: placed } = layOut(picture, width, height);
    expect([peers.size, placed.size]).toEqual([count, 2]);
    for (const { x, y } of [...peers.values(), ...placed.values()]) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(width);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(height);
    }
    const spots = new Set([...peers.values()].map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`));
    expect(spots.size).toBe(count);
  }
});

test.each(sizes)('discs of groups do not overlap at %i × %i', (width, height) => {
  const picture = createPicture(relays, peersOf(2_000), []);
  const discs = [...layOut(picture, width, height).groups.values()];
  expect(discs.length).toBe(picture.groups.size);
  for (const [i, one] of discs.entries())
    for (const other of discs.slice(i + 1))
      expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThan(one.radius + other.radius);
});

test('every peer is in one group, and found where it is drawn', () => {
  const picture = createPicture(relays, peersOf(300), []);
  expect([...picture.groups.values()].flat()).toHaveLength(300);
  const layout = layOut(picture, 1000, 400);
  for (const [pubkey, point] of layout.peers) expect(peerAt(layout, point)).toBe(pubkey);
  expect(peerAt(layout, layout.self)).toBeNull();
});

test('a peer keeps its place when another one has news', () => {
  const peers = peersOf(20);
  const before = layOut(createPicture(relays, peers, []), 1000, 400);
  const after = layOut(createPicture(relays, peers.toReversed(), []), 1000, 400);
  expect(after.peers).toEqual(before.peers);
});

test('says how each peer is reached, and through what', () => {
  const url = relays[0]?.url ?? '';
  const delivery = {
    ...aMessage().delivery,
    relays: [
      { url, outcome: 'received' as const, reason: null, at: '' },
      { url: 'wss://refused.example', outcome: 'rejected' as const, reason: null, at: '' },
    ],
  };
  const message = aMessage({ from: keyOf(1), delivery });
  const peers = [aPeer({ pubkey: keyOf(1) }), aPeer({ pubkey: keyOf(2), online: false })];
  const picture = createPicture(relays, peers, [message]);
  expect(picture.peers.map(({ reach, via }) => [reach, via])).toEqual([
    ['reachable', [url]],
    ['stored', []],
  ]);
  const offline = createPicture([aRelay({ state: 'disconnected' })], peers, []);
  expect(offline.peers.map(({ reach }) => reach)).toEqual(['no_relay', 'no_relay']);
});

test('a sent message travels to its relays, then to the peer, and is over', () => {
  const clock = createFakeClock();
  const layout = layOut(createPicture(relays, [aPeer({ pubkey: keyOf(1) })], []), 1000, 400);
  const url = relays[0]?.url ?? '';
  const delivery = {
    ...aMessage().delivery,
    relays: [{ url, outcome: 'accepted' as const, reason: null, at: '' }],
  };
  const moves = (state: 'queued' | 'published' | 'delivered') =>
    effectsOf(
      { event: 'message.state', id: 'x', data: { id: 'm', to: keyOf(1), state, delivery } },
      layout,
      clock.now(),
    );
  expect(moves('queued')).toMatchObject([{ kind: 'pulse', at: layout.self }]);
  expect(moves('published')).toMatchObject([
    { kind: 'travel', from: layout.self, to: layout.relays.get(url) },
  ]);
  const delivered = moves('delivered');
  expect(delivered).toMatchObject([
    { kind: 'travel', from: layout.relays.get(url), to: layout.peers.get(keyOf(1)) },
    { kind: 'pulse' },
  ]);
  expect(current(delivered, clock.now() + TRAVEL_MS + PULSE_MS)).toEqual([]);
});

test('a burst of news does not pile up', () => {
  const layout = layOut(createPicture(relays, peersOf(100), []), 1000, 400);
  const burst = Array.from({ length: 5_000 }, (_, n) =>
    effectsOf({ event: 'peer.seen', data: { pubkey: keyOf(n % 100) } }, layout, 0),
  ).flat();
  expect(current(burst, 1).length).toBeLessThanOrEqual(60);
});
