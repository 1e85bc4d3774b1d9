import type { Filter, NostrEvent } from '@ocmesh/shared/wire';
import { createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createFakePeer } from '../../../test/support/fake-peer.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { fetchPages } from './fetch-pages.ts';
import { catchUpLimits } from './limits.ts';

const URL = 'wss://one.test';

/** Makes a relay with these events, which records its filters. */
function open(
  events: readonly NostrEvent[],
  options: { maxRows?: number; maxBytes?: number; known?: string[] } = {},
) {
  const { maxRows = 500, maxBytes = Number.POSITIVE_INFINITY, known = [] } = options;
  const requested: Filter[] = [];
  const query: RelayNetwork['query'] = async (_, [filter = {}]) => {
    requested.push(filter);
    const found = events
      .filter(({ created_at }) => created_at <= (filter.until ?? Number.POSITIVE_INFINITY))
      .sort((a, b) => b.created_at - a.created_at)
      .slice(0, Math.min(maxRows, filter.limit ?? maxRows));
    let bytes = 0;
    const fit = found.filter((event) => {
      bytes += JSON.stringify(event).length;
      return bytes <= maxBytes;
    });
    const tooLarge = fit.length < found.length;
    return { complete: !tooLarge, events: fit, tooLarge };
  };
  const log = createRecordingLog();
  const network = { query } as RelayNetwork;
  const fetch = () => fetchPages({ network, log, isKnown: (id) => known.includes(id) }, URL, { kinds: [4] });
  return { requested, fetch, log };
}

const fakePeer = createFakePeer('bob', createFakeClock());
const event = (n: number, content = '', fields: Partial<NostrEvent> = {}): NostrEvent => ({
  ...fakePeer.sign({ kind: 4, created_at: 1_000 + n, content: `${n}${content}` }),
  ...fields,
});
const range = (count: number, content = '') => Array.from({ length: count }, (_, n) => event(n, content));
const idsOf = (events: readonly NostrEvent[]) => events.map(({ id }) => id).sort();

test('pages through to the end', async () => {
  const events = range(50);
  const { fetch, requested } = open(events, { maxRows: 7 });
  const found = await fetch();
  expect(found).toMatchObject({ end: 'complete', cutSec: null });
  expect(idsOf(found.events)).toEqual(idsOf(events));
  expect(requested.length).toBeLessThan(15);
});

test('requests smaller pages when one is too large', async () => {
  const events = range(100, 'x'.repeat(1_000));
  const { fetch, requested } = open(events, { maxBytes: 40_000 });
  const found = await fetch();
  expect(found.end).toBe('complete');
  expect(idsOf(found.events)).toEqual(idsOf(events));
  expect(requested.map(({ limit }) => limit)).toContain(31);
});

test('leaves out known events', async () => {
  const events = range(10);
  const { fetch } = open(events, { known: events.slice(0, 9).map(({ id }) => id) });
  expect((await fetch()).events).toEqual([events[9]]);
});

test.each(['x', '漢'])(
  'returns the oldest if there are more bytes of %s than fit, and where the rest begins',
  async (char) => {
    const size = 60_000;
    const count = Math.ceil((2.5 * catchUpLimits.heldBytes) / size);
    const events = range(count, char.repeat(size / Buffer.byteLength(char)));
    const { fetch } = open(events);
    const found = await fetch();
    const { cutSec } = found;
    expect(found.end).toBe('complete');
    expect(cutSec).not.toBeNull();
    const oldest = events.filter(({ created_at }) => created_at < (cutSec as number));
    expect(idsOf(found.events)).toEqual(idsOf(oldest));
    expect(oldest.length).toBeGreaterThan(10);
  },
);

test('a forged copy with the same id neither ends the fetch nor hides the real event', async () => {
  const real = event(1);
  const forged = { ...real, sig: '0'.repeat(128) };
  const { fetch } = open([forged, real, event(0)], { maxRows: 1 });
  expect((await fetch()).end).toBe('complete');
});

test('gives up on a relay that never runs out of events', async () => {
  let n = 0;
  const network = {
    query: async () => ({ complete: true, tooLarge: false, events: [event(-++n)] }),
  } as unknown as RelayNetwork;
  const log = createRecordingLog();
  const found = await fetchPages({ network, log, isKnown: () => false }, URL, {});
  expect(found.end).toBe('endless');
  expect(n).toBe(200);
  expect(log.lines).toMatchObject([{ level: 'warn' }]);
});
