import type { Cancel, Clock } from '@ocmesh/shared/ambient';
import { isHex64 } from '@ocmesh/shared/contract';
import { type Filter, type NostrEvent, parseEvent, wireLimits } from '@ocmesh/shared/wire';
import type { QueryResult } from '../../core/ports/relay-network.ts';
import { nostrLimits } from './limits.ts';
import type { EoseHint } from './req.ts';
import type { Subscriptions } from './subscriptions.ts';

interface Waiting {
  readonly filters: readonly Filter[];
  readonly resolve: (result: QueryResult) => void;
  cancel: Cancel;
}

/** Result of a query that was not sent. */
export const noResult: QueryResult = {
  complete: false,
  events: [],
  tooLarge: false,
  rows: 0,
  bytes: 0,
  ignoresUntil: false,
  hint: null,
};

/** Whether it looks like an event that somebody signed. A relay may read numbers and tags less strictly than we do. */
const isSigned = (raw: unknown): boolean => {
  const { id, pubkey, sig } = (raw ?? {}) as Record<string, unknown>;
  return isHex64(id) && isHex64(pubkey) && typeof sig === 'string';
};

/** REQs that end with their EOSE, no more of them at a time than the relay allows. */
export function createQueries(deps: {
  readonly clock: Clock;
  readonly subscriptions: Subscriptions;
  /** Returns how many may be open in addition to the permanent subscriptions; 0 if these have to make room. */
  readonly slots: () => number;
  /** Called before the first of some queries is sent to a relay without slots, and when the last of them is closed. */
  readonly onExclusive: (isOpen: boolean) => void;
  /** Called for an event that came after the EOSE. */
  readonly onLate: (event: unknown) => void;
  /** Called for something that is not an event. */
  readonly onGarbage: () => void;
  /** Called for an event that its author made too large or too odd for us. */
  readonly onUnreadable: (why: 'too_large' | 'malformed') => void;
}) {
  const { clock, subscriptions } = deps;
  const waiting: Waiting[] = [];
  /** Queries that got their EOSE and are not closed yet, the oldest first. */
  const lingering: (() => void)[] = [];
  let open = 0;
  let lastId = 0;
  let isClosed = false;
  let isExclusive = false;
  let deadlineMs: number = nostrLimits.query.ms;

  function startNext(): void {
    while (waiting.length > 0 && hasSlot()) run(waiting.shift() as Waiting);
    if (isExclusive && open === 0) setExclusive(false);
  }

  function setExclusive(is: boolean): void {
    isExclusive = is;
    deps.onExclusive(is);
  }

  function hasSlot(): boolean {
    const slots = deps.slots();
    if (slots === 0 && !isExclusive) setExclusive(true);
    if (open >= Math.max(1, slots)) lingering[0]?.();
    return open < Math.max(1, slots);
  }

  function run({ filters, resolve, cancel }: Waiting): void {
    const id = `q${++lastId}`;
    const events: NostrEvent[] = [];
    const untilSec = Math.max(...filters.map(({ until }) => until ?? Number.POSITIVE_INFINITY));
    let bytes = 0;
    let rows = 0;
    let late = 0;
    let ignoresUntil = false;
    let isOver = false;
    let cancelLinger: Cancel = () => {};
    cancel();
    open++;

    function finish(end: { complete: boolean; tooLarge?: boolean; hint?: EoseHint }): void {
      if (isOver) return;
      isOver = true;
      cancelDeadline();
      if (end.complete) deadlineMs = nostrLimits.query.ms;
      // Some relays send events after the EOSE.
      if (end.complete && !isExclusive) {
        lingering.push(close);
        cancelLinger = clock.after(nostrLimits.query.lingerMs, () => {
          close();
          startNext();
        });
      } else close();
      const { complete, tooLarge = false, hint = null } = end;
      resolve({ complete, events, tooLarge, rows, bytes, ignoresUntil, hint });
      startNext();
    }

    function close(): void {
      cancelLinger();
      if (lingering.includes(close)) lingering.splice(lingering.indexOf(close), 1);
      open--;
      subscriptions.remove(id);
    }

    const cancelDeadline = clock.after(deadlineMs, () => {
      // The relay may only be slow: the next query gets more time.
      deadlineMs = Math.min(deadlineMs * 2, nostrLimits.query.slowMs);
      finish({ complete: false });
    });
    subscriptions.add({
      id,
      permanent: false,
      filters: () => filters,
      onEvent(raw, size) {
        if (isOver) return late++ < nostrLimits.query.lateEvents ? deps.onLate(raw) : undefined;
        rows++;
        // Keeps only the fields of an event: a frame may hide a thousand times its length in brackets.
        const event = parseEvent(raw);
        if (!event) return isSigned(raw) ? deps.onUnreadable('malformed') : deps.onGarbage();
        if (event.tags.length > wireLimits.event.tags) return deps.onUnreadable('too_large');
        bytes += size;
        const isFull = events.length >= nostrLimits.query.events || bytes > nostrLimits.query.bytes;
        if (isFull) return finish({ complete: false, tooLarge: true });
        events.push(event);
      },
      onDropped(raw, size) {
        if (isOver) return;
        rows++;
        bytes += size;
        if (bytes > nostrLimits.query.bytes) return finish({ complete: false, tooLarge: true });
        const { created_at: createdAt } = (raw ?? {}) as { created_at?: unknown };
        if (typeof createdAt === 'number' && createdAt > untilSec) ignoresUntil = true;
      },
      onEose: (hint) => finish({ complete: true, hint }),
      onEnd() {
        cancelLinger();
        finish({ complete: false });
      },
    });
  }

  return {
    query(filters: readonly Filter[]): Promise<QueryResult> {
      if (isClosed) return Promise.resolve(noResult);
      return new Promise((resolve) => {
        const one: Waiting = { filters, resolve, cancel: () => {} };
        one.cancel = clock.after(nostrLimits.query.ms, () => {
          waiting.splice(waiting.indexOf(one), 1);
          resolve(noResult);
        });
        waiting.push(one);
        startNext();
      });
    },
    /** Starts waiting queries; call it when the relay may allow more subscriptions than before. */
    startNext,
    /** The connection is closed: ends the queries that wait. Those that are open end with their subscriptions. */
    close(): void {
      isClosed = true;
      for (const { cancel, resolve } of waiting.splice(0)) {
        cancel();
        resolve(noResult);
      }
    },
  };
}
