import type { Filter, NostrEvent } from '@ocmesh/shared/wire';
import { createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFakePeer } from '../../../test/support/fake-peer.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { fetchPages } from './fetch-pages.ts';
import { catchUpLimits } from './limits.ts';

const URL = 'wss://one.test';
const START_SEC = 1_000;

interface Habits {
  /** Most events in a page, whatever the `limit`. */
  readonly maxRows?: number;
  /** `max_limit` of its NIP-11 document. */
  readonly statedMax?: number;
  readonly maxBytes?: number;
  /** Rows of each page in turn, whatever `maxRows`. */
  readonly rowsInTurn?: readonly number[];
  /** Ends a page before the event that would make it larger, without a word. */
  readonly pageBytes?: number;
  readonly order?: 'newest first' | 'oldest first' | 'shuffled';
  readonly ignoresUntil?: boolean;
  /** Refuses a `limit` above its own instead of lowering it. */
  readonly refusesLargeLimits?: boolean;
  /** Content that makes an event too large for us: its frame is dropped. */
  readonly tooLarge?: string;
  /** States whether there is more (NIP-67). */
  readonly hints?: boolean;
}

/** Makes a relay with these events and habits, which records its filters. */
function open(stored: readonly NostrEvent[], habits: Habits = {}, known: readonly string[] = []) {
  const { maxRows = 500, maxBytes = Number.POSITIVE_INFINITY, order = 'newest first' } = habits;
  const requested: Filter[] = [];
  const sorted = {
    'newest first': (all: NostrEvent[]) => all.sort((a, b) => b.created_at - a.created_at),
    'oldest first': (all: NostrEvent[]) => all.sort((a, b) => a.created_at - b.created_at),
    // Ids are as good as random.
    shuffled: (all: NostrEvent[]) => all.sort((a, b) => (a.id < b.id ? -1 : 1)),
  }[order];
  const query: RelayNetwork['query'] = async (_, [filter = {}]) => {
    requested.push(filter);
    const { since = 0, until = Number.POSITIVE_INFINITY, limit = maxRows, authors } = filter;
    const isRefused = habits.refusesLargeLimits === true && limit > maxRows;
    const matching = stored.filter(
      ({ created_at, pubkey }) =>
        created_at >= since &&
        (habits.ignoresUntil || created_at <= until) &&
        (!authors || authors.includes(pubkey)),
    );
    const { rowsInTurn } = habits;
    const most = rowsInTurn?.[(requested.length - 1) % rowsInTurn.length] ?? maxRows;
    let pageBytes = 0;
    const rows = (isRefused ? [] : sorted([...matching]).slice(0, Math.min(most, limit))).filter((each) => {
      pageBytes += JSON.stringify(each).length;
      return pageBytes <= (habits.pageBytes ?? Number.POSITIVE_INFINITY);
    });
    let bytes = 0;
    const fit = rows.filter((event) => {
      bytes += JSON.stringify(event).length;
      return bytes <= maxBytes;
    });
    const tooLarge = fit.length < rows.length;
    return {
      complete: !tooLarge && !isRefused,
      events: fit.filter(({ created_at, content }) => created_at <= until && content !== habits.tooLarge),
      tooLarge,
      rows: fit.length,
      bytes: 0,
      ignoresUntil: fit.some(({ created_at }) => created_at > until),
      hint: habits.hints ? (rows.length < matching.length ? 'more' : 'finish') : null,
    };
  };
  const log = createRecordingLog();
  const limitation = habits.statedMax === undefined ? {} : { max_limit: habits.statedMax };
  const network = {
    query,
    relays: () => [{ url: URL, info: { supportedNips: [], limitation } }],
  } as unknown as RelayNetwork;
  const fetch = () => fetchPages({ network, log, isKnown: (id) => known.includes(id) }, URL, { kinds: [4] });
  return { requested, fetch, log };
}

const fakePeer = createFakePeer('bob', createFakeClock());
let made = 0;
const event = (n: number, content = '', fields: Partial<NostrEvent> = {}): NostrEvent => ({
  ...fakePeer.sign({ kind: 4, created_at: START_SEC + n, content: content || String(n) }),
  ...fields,
});
/** Events that only look signed: fast to make. */
const fake = (n: number): NostrEvent => ({
  ...first,
  id: (++made).toString(16).padStart(32, '0').padEnd(64, '7'),
  created_at: START_SEC + n,
});
const first = event(0);
const range = (count: number, content = '') =>
  Array.from({ length: count }, (_, n) => event(n, content && `${n}${content}`));
const inOneSecond = (count: number, n = 0) => Array.from({ length: count }, () => fake(n));
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
  const { fetch } = open(
    events,
    {},
    events.slice(0, 9).map(({ id }) => id),
  );
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
  const found = await open([forged, real, first], { maxRows: 2 }).fetch();
  expect(found.events).toEqual([forged, real, first]);
});

test('gives up on a relay that never runs out of events', async () => {
  let n = 0;
  const network = {
    relays: () => [],
    query: async () => ({
      complete: true,
      tooLarge: false,
      events: [fake(-++n)],
      rows: 1,
      bytes: 0,
      ignoresUntil: false,
      hint: null,
    }),
  } as unknown as RelayNetwork;
  const log = createRecordingLog();
  const found = await fetchPages({ network, log, isKnown: () => false }, URL, {});
  expect(found.end).toBe('incomplete');
  expect(n).toBe(catchUpLimits.pages);
  expect(log.lines).toMatchObject([{ level: 'warn' }]);
});

describe('a second with more events than a page', () => {
  test.each([700, 501])('is asked for with a larger limit: %i events', async (count) => {
    const events = [event(-5), ...inOneSecond(count), event(5)];
    const { fetch } = open(events, { maxRows: 5_000 });
    const found = await fetch();
    expect(found.end).toBe('complete');
    expect(idsOf(found.events)).toEqual(idsOf(events));
  });

  test.each<[string, Habits]>([
    ['that lowers the limit', { maxRows: 500 }],
    ['that refuses a larger limit', { maxRows: 500, refusesLargeLimits: true }],
    ['with small pages', { maxRows: 50 }],
    ['with pages of an odd size, which its document states', { maxRows: 333, statedMax: 333 }],
    ['that is oldest first', { maxRows: 500, order: 'oldest first' }],
  ])('is incomplete on a relay %s, and hides nothing else', async (_, habits) => {
    const others = [event(-9), event(-8), event(5), event(6)];
    const { fetch } = open([...others, ...inOneSecond(700)], habits);
    const found = await fetch();
    expect(found.end).toBe('incomplete');
    expect(found.events).toEqual(expect.arrayContaining(others));
  });

  test.each([
    [500, undefined],
    [20, undefined],
    [333, 333],
  ])(
    'that is the oldest one counts as incomplete with a page of %i, stated %s',
    async (maxRows, statedMax) => {
      const { fetch } = open(inOneSecond(3 * maxRows), { maxRows, ...(statedMax ? { statedMax } : {}) });
      expect((await fetch()).end).toBe('incomplete');
    },
  );

  test.each([1, 3, 19, 33])('is not suspected of a second with %i events', async (count) => {
    const found = await open(inOneSecond(count)).fetch();
    expect([found.end, found.events.length]).toEqual(['complete', count]);
  });
});

describe('a relay that pages in its own way', () => {
  test.each<[string, Habits]>([
    ['sends the oldest events first', { order: 'oldest first' }],
    ['sends events in any order', { order: 'shuffled' }],
  ])('%s: all events arrive', async (_, habits) => {
    const events = range(60);
    const { fetch, requested } = open(events, { maxRows: 20, ...habits });
    const found = await fetch();
    expect(found.end).toBe('complete');
    expect(idsOf(found.events)).toEqual(idsOf(events));
    expect(requested.length).toBeLessThan(100);
  });

  test('ignores `until`: is incomplete, because older events may be missing', async () => {
    const { fetch } = open(range(60), { maxRows: 20, ignoresUntil: true });
    const found = await fetch();
    expect([found.end, found.events.length]).toEqual(['incomplete', 20]);
  });

  test('ignores `until`, but sends more if asked for more', async () => {
    const { fetch } = open(range(700), { maxRows: 2_000, ignoresUntil: true });
    expect(await fetch()).toMatchObject({ end: 'complete', events: { length: 700 } });
  });

  test('ignores `until`, and states that it could have sent more', async () => {
    const { fetch } = open(range(30), { ignoresUntil: true, statedMax: 500 });
    expect((await fetch()).end).toBe('complete');
  });
});

describe('a relay whose pages vary in size, and that states nothing', () => {
  const varying: Habits = { rowsInTurn: [12, 5, 9, 3, 17, 4, 11] };

  test('sends all events, one a second', async () => {
    const events = range(60);
    const found = await open(events, varying).fetch();
    expect(found.end).toBe('complete');
    expect(idsOf(found.events)).toEqual(idsOf(events));
  });

  test.each<[string, readonly NostrEvent[], number]>([
    ['the only one', [], 0],
    ['the oldest', [event(5), event(6), event(7)], 0],
    ['the newest', [event(-5), event(-6), event(-7)], 0],
  ])('is incomplete with a second of 30 events that is %s', async (_, others, n) => {
    const { fetch } = open([...others, ...inOneSecond(30, n)], varying);
    const found = await fetch();
    expect(found.end).toBe('incomplete');
    expect(found.events).toEqual(expect.arrayContaining([...others]));
  });

  test('is incomplete if it once sends nothing where it had something', async () => {
    const { fetch } = open(range(40), { rowsInTurn: [20, 0, 0, 0] });
    expect((await fetch()).end).toBe('incomplete');
  });

  test('pages that end at some bytes are all there, but for a second that fills one', async () => {
    const events = Array.from({ length: 40 }, (_, n) => event(n, `${n}${'x'.repeat((n % 7) * 900)}`));
    const found = await open(events, { pageBytes: 12_000 }).fetch();
    expect(found.end).toBe('complete');
    expect(idsOf(found.events)).toEqual(idsOf(events));
    const large = Array.from({ length: 9 }, (_, n) => event(0, `${n}${'x'.repeat(40_000)}`));
    expect((await open(large, { pageBytes: 200_000 }).fetch()).end).toBe('incomplete');
  });

  test('is never called complete while something is missing', async () => {
    const habits = fc.record({
      rowsInTurn: fc.array(fc.integer({ min: 5, max: 14 }), { minLength: 2, maxLength: 6 }),
      order: fc.constantFrom('newest first', 'oldest first'),
    });
    // A second that does not fit into the smallest page may pass for a whole one.
    const seconds = fc.uniqueArray(fc.tuple(fc.nat(500), fc.integer({ min: 1, max: 4 })), {
      minLength: 1,
      maxLength: 20,
      selector: ([n]) => n,
    });
    await fc.assert(
      fc.asyncProperty(habits, seconds, async (each, some) => {
        const events = some.flatMap(([n, count]) => inOneSecond(count, n));
        const found = await open(events, each as Habits).fetch();
        if (found.end === 'complete') expect(idsOf(found.events)).toEqual(idsOf(events));
      }),
      { numRuns: 300 },
    );
  });
});

test.each([32, 64, 128, 25])('a page of exactly %i events of one second may be cut', async (maxRows) => {
  expect((await open(inOneSecond(maxRows * 2), { maxRows }).fetch()).end).toBe('incomplete');
});

test('a stated limit is not believed of a page that is round', async () => {
  const { fetch } = open(range(600), { maxRows: 300, ignoresUntil: true, statedMax: 5_000 });
  expect((await fetch()).end).toBe('incomplete');
});

describe('an event that is too large for us', () => {
  const large = (n: number) => event(n, 'large');

  test.each([1, 2, 500])('is paged past with pages of %i', async (maxRows) => {
    const small = [event(1), event(3), event(9)];
    const { fetch, requested } = open([...small, large(2), large(4), large(5), large(10)], {
      maxRows,
      tooLarge: 'large',
    });
    const found = await fetch();
    expect(idsOf(found.events)).toEqual(idsOf(small));
    expect(requested.length).toBeLessThan(300);
  });
});

describe('a relay that says whether there is more (NIP-67)', () => {
  test('needs one request if there is no more', async () => {
    const { fetch, requested } = open(range(20), { hints: true });
    expect(await fetch()).toMatchObject({ end: 'complete', events: { length: 20 } });
    expect(requested).toHaveLength(1);
  });

  test('is believed about a second that fills a page', async () => {
    expect((await open(inOneSecond(500), { hints: true }).fetch()).end).toBe('complete');
    expect((await open(inOneSecond(501), { hints: true }).fetch()).end).toBe('incomplete');
    expect((await open([...inOneSecond(14), event(5)], { hints: true, maxRows: 13 }).fetch()).end).toBe(
      'incomplete',
    );
  });
});
