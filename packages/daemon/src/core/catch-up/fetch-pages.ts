import type { Log } from '@ocmesh/shared/ambient';
import type { Filter, NostrEvent } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { createHeldEvents } from './held-events.ts';
import { catchUpLimits } from './limits.ts';
import { createPages, type Page, type Pages, type Range } from './pages.ts';

/** Pages with fewer events are not suspected of being cut. */
const SMALLEST_SUSPECT = 20;
/** The smallest limit that is common among relays. */
const COMMON_LIMIT = 100;
/** Later than any event. */
const END_SEC = 2 ** 32;

/** How a fetch ended. */
export type End =
  | 'complete'
  /** The connection was lost, or the relay refused. */
  | 'broken'
  /** The relay has more than it sends, or may have; another try soon would not help. */
  | 'incomplete';

export interface Found {
  readonly end: End;
  readonly events: readonly NostrEvent[];
  /** If there is more than may be held: events of this second and newer are left out, to be fetched later. */
  readonly cutSec: number | null;
}

/**
 * Fetches all events that a relay has for a filter, page by page, and finds out whether these are all.
 *
 * A relay sends no more than so many events for one REQ, and does not say that it has more (unless it knows NIP-67).
 * Most send the newest; each page therefore ends where the one before begins, until nothing new comes. The same in the
 * other direction finds what a relay has that sends the oldest. With any other order, windows of time are halved until
 * nothing new comes.
 */
export async function fetchPages(
  deps: {
    readonly network: RelayNetwork;
    readonly log: Log;
    /** Whether the event was processed before: such events are left out. */
    readonly isKnown: (eventId: string) => boolean;
  },
  url: string,
  filter: Filter,
): Promise<Found> {
  const held = createHeldEvents(catchUpLimits.heldBytes);
  const pages = createPages({ ...deps, held }, url, filter);
  const gaps = createGaps(pages);
  const first = await pages.ask({});
  if (first) {
    await walk(pages, gaps, first, 'older');
    await walk(pages, gaps, first, 'newer');
    if (pages.ignoresUntil()) await gaps.checkWhole(first);
    else if (pages.isDisordered()) await halve(pages, gaps, filter);
  }
  if (pages.isExhausted()) deps.log.warn('relay keeps sending old messages without end', { relay: url });
  const isWhole = !gaps.isAnyOpen() && !pages.isExhausted();
  const end = pages.isBroken() ? 'broken' : isWhole ? 'complete' : 'incomplete';
  return { end, events: held.events(), cutSec: held.cutSec() };
}

/** Requests page after page, each starting at the last second of the one before. */
async function walk(pages: Pages, gaps: Gaps, from: Page, towards: 'older' | 'newer'): Promise<void> {
  for (let page = from; page.events.length > 0 && page.hint !== 'finish'; ) {
    const isOneSecond = page.oldestSec === page.newestSec;
    const edge = towards === 'older' ? page.oldestSec : page.newestSec;
    // Within one second there is no going on: it is left behind, and examined by itself if its page was cut.
    const step = isOneSecond ? 1 : 0;
    const next = await pages.ask(towards === 'older' ? { until: edge - step } : { since: edge + step });
    if (!next || pages.ignoresUntil()) return;
    const hasMore = isOneSecond ? next.rows > 0 : next.fresh > 0;
    if (hasMore) gaps.noteCut(page);
    if (next.isCut) gaps.noteCut(next);
    if (isOneSecond) await gaps.checkSecond(edge, page, hasMore || gaps.mayBeCut(page));
    if (next.fresh === 0 && next.oldestSec !== next.newestSec) return;
    page = next;
  }
}

/** Halves windows of time until nothing new comes. */
async function halve(pages: Pages, gaps: Gaps, { since = 0, until = END_SEC }: Filter): Promise<void> {
  const windows = [{ since, until }];
  for (let window = windows.pop(); window; window = windows.pop()) {
    const middle = Math.floor((window.since + window.until) / 2);
    for (const half of [
      { since: window.since, until: middle },
      { since: middle + 1, until: window.until },
    ]) {
      const page = await pages.ask(half);
      if (!page) return;
      if (half.since === half.until) {
        await gaps.checkSecond(half.since, page, gaps.mayBeCut(page));
      } else if (page.isCut && page.rows === 0) {
        gaps.noteCut(page);
      } else if (page.fresh > 0 || page.events.length < page.rows || gaps.mayBeCut(page)) {
        windows.push(half);
      }
    }
  }
}

interface Gaps {
  /** Notes that the relay had more than it sent on this page. */
  noteCut(page: Page): void;
  /** Whether the relay may have left something out on this page, although no limit of ours did. */
  mayBeCut(page: Page): boolean;
  /** Finds out whether a page holds all of a second, and tries to get the rest. */
  checkSecond(sec: number, page: Page, isSuspect: boolean): Promise<void>;
  /** Finds out whether the first page holds everything, on a relay that sends no other page. */
  checkWhole(first: Page): Promise<void>;
  /** Something may be missing. */
  isAnyOpen(): boolean;
}

/** Whether so many rows are a likely limit of a relay: those are round numbers. */
const isRound = (rows: number): boolean =>
  rows >= SMALLEST_SUSPECT && (rows % 10 === 0 || rows % 25 === 0 || (rows & (rows - 1)) === 0);

const charsOf = (events: Page['events']): number =>
  events.reduce((sum, { content }) => sum + content.length, 0);

/** What a relay may have kept back. */
function createGaps(pages: Pages): Gaps {
  /** Rows of the shortest page that is known to be cut. */
  let shortestCut = Number.POSITIVE_INFINITY;
  const checked = new Set<number>();
  let isAnyOpen = false;

  function mayBeCut({ hint, rows, limit, events, isCut }: Page): boolean {
    if (isCut) return true;
    if (hint !== null) return hint === 'more';
    const isFull = rows >= Math.min(limit, pages.statedMax(), shortestCut);
    return isFull || isRound(rows) || (rows > 1 && charsOf(events) >= catchUpLimits.suspectChars);
  }

  /**
   * Asks again with a larger limit: a relay that sends more then, but not that many, has sent everything. Without a
   * suspicion, the same again is enough.
   */
  async function check(range: Range, page: Page, isSuspect: boolean): Promise<void> {
    const larger = await pages.askLarger(range, page);
    if (larger === null || larger.hint !== null) {
      if (isSuspect && larger?.hint !== 'finish') isAnyOpen = true;
      return;
    }
    const hasAll =
      larger.rows > page.rows && larger.rows < larger.limit && larger.rows % catchUpLimits.pageEvents !== 0;
    const isSame = larger.rows === page.rows && larger.fresh === 0;
    if (!(isSuspect ? hasAll : isSame)) isAnyOpen = true;
  }

  return {
    noteCut({ rows, limit }) {
      if (rows > 0 && rows < limit) shortestCut = Math.min(shortestCut, rows);
      // The relay withholds what it had sent: it is not worth asking on.
      if (rows === 0) isAnyOpen = true;
    },
    mayBeCut,
    async checkSecond(sec, page, isSuspect) {
      // One event is what relays send at least.
      if (checked.has(sec) || (!isSuspect && page.rows < 2)) return;
      checked.add(sec);
      await check({ since: sec, until: sec }, page, isSuspect);
    },
    async checkWhole(first) {
      const isStated = pages.statedMax() < Number.POSITIVE_INFINITY;
      const { rows, limit, hint } = first;
      // What it states may not be true: it need not send that much.
      const isFarBelow = isStated && rows < limit && (rows < COMMON_LIMIT || !isRound(rows));
      const isWhole = hint === 'finish' || isFarBelow;
      if (!isWhole) await check({}, first, true);
    },
    isAnyOpen: () => isAnyOpen,
  };
}
