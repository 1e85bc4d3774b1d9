import type { Cancel, Clock } from '@ocmesh/shared/ambient';
import { type Filter, type NostrEvent, parseEvent, wireLimits } from '@ocmesh/shared/wire';
import type { QueryResult } from '../../core/ports/relay-network.ts';
import { nostrLimits } from './limits.ts';
import type { Subscriptions } from './subscriptions.ts';

interface Waiting {
  readonly filters: readonly Filter[];
  readonly resolve: (result: QueryResult) => void;
  cancel: Cancel;
}

/** Result of a query that was not sent. */
export const noResult: QueryResult = { complete: false, events: [], tooLarge: false };

/** REQs that end with their EOSE, no more of them at a time than the relay allows. */
export function createQueries(deps: {
  readonly clock: Clock;
  readonly subscriptions: Subscriptions;
  /** Returns how many may be open in addition to the permanent subscriptions. */
  readonly slots: () => number;
  /** Called for something that is not an event, or larger than any that we accept. */
  readonly onGarbage: () => void;
}) {
  const { clock, subscriptions } = deps;
  const waiting: Waiting[] = [];
  let open = 0;
  let lastId = 0;
  let isClosed = false;

  function startNext(): void {
    while (waiting.length > 0 && open < deps.slots()) run(waiting.shift() as Waiting);
  }

  function run({ filters, resolve, cancel }: Waiting): void {
    const id = `q${++lastId}`;
    const events: NostrEvent[] = [];
    let bytes = 0;
    let isOver = false;
    cancel();
    open++;

    function finish(complete: boolean, tooLarge: boolean): void {
      if (isOver) return;
      isOver = true;
      open--;
      cancelDeadline();
      subscriptions.remove(id);
      resolve({ complete, events, tooLarge });
      startNext();
    }

    const cancelDeadline = clock.after(nostrLimits.query.ms, () => finish(false, false));
    subscriptions.add({
      id,
      permanent: false,
      filters: () => filters,
      onEvent(raw, size) {
        // Keeps only the fields of an event: a frame may hide a thousand times its length in brackets.
        const event = parseEvent(raw);
        if (!event || event.tags.length > wireLimits.event.tags) return deps.onGarbage();
        bytes += size;
        const isFull = events.length >= nostrLimits.query.events || bytes > nostrLimits.query.bytes;
        if (isFull) return finish(false, true);
        events.push(event);
      },
      onEose: () => finish(true, false),
      onEnd: () => finish(false, false),
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
