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

const unanswered: QueryResult = { complete: false, events: [], tooLarge: false };

/** REQs that end with their EOSE, no more of them at a time than the relay allows. */
export function createQueries(deps: {
  readonly clock: Clock;
  readonly subscriptions: Subscriptions;
  /** How many may be open beside the permanent ones. */
  readonly slots: () => number;
  /** An event that is none, or larger than anything we would take. */
  readonly onGarbage: () => void;
}) {
  const { clock, subscriptions } = deps;
  const waiting: Waiting[] = [];
  let open = 0;
  let asked = 0;

  function startNext(): void {
    while (waiting.length > 0 && open < deps.slots()) run(waiting.shift() as Waiting);
  }

  function run({ filters, resolve, cancel }: Waiting): void {
    const id = `q${++asked}`;
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
        // Only what an event has is held: a frame may hide a thousand times its length in brackets.
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
      return new Promise((resolve) => {
        const one: Waiting = { filters, resolve, cancel: () => {} };
        one.cancel = clock.after(nostrLimits.query.ms, () => {
          waiting.splice(waiting.indexOf(one), 1);
          resolve(unanswered);
        });
        waiting.push(one);
        startNext();
      });
    },
    /** The relay may have named another number. */
    startNext,
    /** The connection is gone, and what was open ended with it. */
    reset(): void {
      for (const { cancel, resolve } of waiting.splice(0)) {
        cancel();
        resolve(unanswered);
      }
    },
  };
}
