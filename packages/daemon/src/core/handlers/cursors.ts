import type { Log } from '@ocmesh/shared/ambient';
import { OcmeshError } from '@ocmesh/shared/contract';
import type { Store } from '../ports/store.ts';

/** Runs of the daemon whose cursors work: one that starts every day takes those of more than a year. */
const RUNS = 500;

/** A run of the daemon: its id, and the first position of arrival that it could give. */
type Run = readonly [id: string, firstArrival: number];

/**
 * Cursors as callers see them, with the id of the run that gave them. The store knows its own runs and how far each came,
 * so it recognizes a cursor of another home, and one that an older state of this home, put back by whatever means, never gave.
 */
export interface Cursors {
  /** `<position>-<run>` */
  showArrival(arrival: number): string;
  /** @throws OcmeshError `cursor_unknown` */
  readArrival(cursor: string): number;
  /** `<where>.<run>` */
  showPage(where: string): string;
  /**
   * Returns the parts of where a page of messages begins; the first is a position of arrival.
   * @throws OcmeshError `cursor_unknown`
   */
  readMessagePage(cursor: string): string[];
  /**
   * Returns the parts of where a page of another list begins. Such a cursor works in the run that gave it: there is no
   * position to compare.
   * @throws OcmeshError `cursor_unknown`
   */
  readPage(cursor: string): string[];
}

/** @param run the id of this run: 8 hex digits */
export function createCursors(deps: { readonly store: Store; readonly log: Log }, run: string): Cursors {
  const { store, log } = deps;
  const lastArrival = (): number => store.peek(({ messages }) => messages.lastArrival());
  const stored = store.peek(({ meta }) => meta.get('cursor_runs'));
  const earlier: Run[] = stored === null ? unmarked(lastArrival()) : JSON.parse(stored);
  const runs: readonly Run[] = [...earlier.slice(1 - RUNS), [run, lastArrival() + 1]];
  store
    .transaction(({ meta }) => meta.set('cursor_runs', JSON.stringify(runs)))
    .catch((error) =>
      log.warn('the cursors of this run will not work in the next', { reason: String(error) }),
    );

  function isKnown(given: string, arrival: number): boolean {
    const index = runs.findLastIndex(([id]) => id === given);
    const next = runs[index + 1];
    return index >= 0 && arrival <= (next ? next[1] - 1 : lastArrival());
  }

  return {
    showArrival: (arrival) => `${arrival}-${run}`,
    readArrival(cursor) {
      const [digits, given = ''] = cursor.split('-');
      const arrival = Number(digits);
      // Zero is before every message of any home.
      if (arrival > 0 && !isKnown(given, arrival)) throw new OcmeshError('cursor_unknown');
      return arrival;
    },
    showPage: (where) => `${where}.${run}`,
    readMessagePage: (cursor) => readPage(cursor, isKnown),
    readPage: (cursor) => readPage(cursor, (given) => given === run),
  };
}

function readPage(cursor: string, isKnown: (run: string, position: number) => boolean): string[] {
  const [where = '', given = ''] = cursor.split('.');
  const parts = where.split('-');
  if (!isKnown(given, Number(parts[0]))) throw new OcmeshError('cursor_unknown', { problem: 'page_unknown' });
  return parts;
}

/** Versions up to 0.3 gave plain positions. */
const unmarked = (lastArrival: number): Run[] => (lastArrival > 0 ? [['', 1]] : []);
