import { type Filter, type NostrEvent, parseEvent } from '@ocmesh/shared/wire';
import type { QueryResult, RelayNetwork } from '../ports/relay-network.ts';
import type { HeldEvents } from './held-events.ts';
import { catchUpLimits } from './limits.ts';

/** Events requested at least, however large they are. */
const SMALLEST_PAGE = 2;
/** Events by which pages overlap that are remembered. */
const OVERLAP_EVENTS = 20_000;

export interface Range {
  readonly since?: number;
  readonly until?: number;
}

/** One page as a relay sent it. */
export interface Page extends Pick<QueryResult, 'rows' | 'hint'> {
  /** The `limit` that it was requested with. */
  readonly limit: number;
  /** Events that we could read; there may be fewer than `rows`. */
  readonly events: readonly NostrEvent[];
  /** Events that were not on an earlier page. */
  readonly fresh: number;
  readonly oldestSec: number;
  readonly newestSec: number;
  /** It lacks events that the relay sent before, so others may be missing as well. */
  readonly isCut: boolean;
}

export interface Pages {
  /** Requests a page. Resolves to null if the fetch cannot go on. */
  ask(range: Range): Promise<Page | null>;
  /** Requests a page with a larger `limit`. Resolves to null if the relay does not send it. */
  askLarger(range: Range, than: Page): Promise<Page | null>;
  /** Returns the most events in a page that the relay's document states; infinite if it states none. */
  statedMax(): number;
  /** The connection was lost, or the relay refused. */
  isBroken(): boolean;
  /** The relay sent more pages than any relay should have. */
  isExhausted(): boolean;
  /** The relay sent events newer than `until`. */
  ignoresUntil(): boolean;
  /** A page was neither newest nor oldest first, lacked what had come before, or could not be read. */
  isDisordered(): boolean;
}

/** The pages of one fetch. */
export function createPages(
  deps: {
    readonly network: RelayNetwork;
    /** Whether the event was processed before: such events are left out. */
    readonly isKnown: (eventId: string) => boolean;
    readonly held: HeldEvents;
  },
  url: string,
  filter: Filter,
): Pages {
  const { network, isKnown, held } = deps;
  const stated = network.relays().find((relay) => relay.url === url)?.info?.limitation['max_limit'];
  const statedMax = typeof stated === 'number' && stated > 0 ? stated : Number.POSITIVE_INFINITY;
  let limit: number = Math.min(catchUpLimits.pageEvents, statedMax);
  let requested = 0;
  let isBroken = false;
  let ignoresUntil = false;
  let isDisordered = false;
  /** Events of the latest pages. By signature as well: a forged copy must not hide the real event. */
  const recent = new Map<string, number>();

  function isFresh({ id, sig, created_at: createdAtSec }: NostrEvent): boolean {
    const key = id + sig;
    if (recent.has(key)) return false;
    recent.set(key, createdAtSec);
    if (recent.size > OVERLAP_EVENTS) recent.delete(recent.keys().next().value as string);
    return true;
  }

  /** Returns how many events of this range the relay has sent. */
  function countKnown({ since = 0, until = Number.POSITIVE_INFINITY }: Range): number {
    return [...recent.values()].filter((sec) => since <= sec && sec <= until).length;
  }

  function read(result: QueryResult, range: Range, pageLimit: number): Page {
    const isCut =
      result.complete && !result.ignoresUntil && result.rows < Math.min(pageLimit, countKnown(range));
    const events = result.events.flatMap((raw) => parseEvent(raw) ?? []);
    const fresh = events.filter(isFresh);
    for (const event of fresh) if (!isKnown(event.id)) held.put(event);
    const dates = events.map((event) => event.created_at);
    ignoresUntil ||= result.ignoresUntil;
    const isUnreadable = events.length === 0 && result.rows > 0 && !result.ignoresUntil;
    isDisordered ||= !isSorted(dates) || isUnreadable || (isCut && result.rows > 0);
    const [oldestSec, newestSec] = [Math.min(...dates), Math.max(...dates)];
    const { rows, hint } = result;
    return { rows, hint, limit: pageLimit, events, fresh: fresh.length, oldestSec, newestSec, isCut };
  }

  const query = (range: Range, pageLimit: number): Promise<QueryResult> =>
    network.query(url, [{ ...filter, ...range, limit: pageLimit }]);

  return {
    async ask(range) {
      while (requested++ < catchUpLimits.pages) {
        const result = await query(range, limit);
        if (result.tooLarge && limit > SMALLEST_PAGE) {
          limit = Math.max(SMALLEST_PAGE, limit >> 1);
          continue;
        }
        const page = read(result, range, limit);
        isBroken = !result.complete;
        return isBroken ? null : page;
      }
      return null;
    },
    async askLarger(range, than) {
      const larger = Math.min(catchUpLimits.largestPage, statedMax);
      if (than.limit >= larger || requested++ >= catchUpLimits.pages) return null;
      const result = await query(range, larger);
      // What came of it is kept, even if the relay refuses such a limit or there is too much.
      const page = read(result, range, larger);
      return result.complete ? page : null;
    },
    statedMax: () => statedMax,
    isBroken: () => isBroken,
    isExhausted: () => requested > catchUpLimits.pages,
    ignoresUntil: () => ignoresUntil,
    isDisordered: () => isDisordered,
  };
}

/** Whether numbers only fall or only rise. */
function isSorted(numbers: readonly number[]): boolean {
  const pairs = numbers.slice(1).map((number, index) => number - (numbers[index] as number));
  return pairs.every((step) => step <= 0) || pairs.every((step) => step >= 0);
}
