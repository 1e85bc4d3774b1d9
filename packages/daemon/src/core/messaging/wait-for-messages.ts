import type { Cancel, Clock, UnixMs } from '@ocmesh/shared/ambient';
import { type AbortSignalLike, OcmeshError, type Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { MessageRecord } from '../model/message.ts';
import type { Store } from '../ports/store.ts';
import { messagingLimits } from './limits.ts';

interface WaitRequest {
  readonly timeoutMs: number;
  readonly from?: Pubkey;
  readonly type?: string;
  readonly replyTo?: string;
  /** Position of arrival after which messages count. Without it, unread messages count, or else the next one. */
  readonly after?: number;
}

interface WaitResult {
  readonly messages: readonly MessageRecord[];
  readonly cursor: number;
  readonly timedOut: boolean;
}

export interface Waiting {
  wait(request: WaitRequest, signal?: AbortSignalLike): Promise<WaitResult>;
  onEvent(event: DomainEvent): void;
  /** Ends all waits, as if they had timed out. */
  stop(): void;
}

/** Long polls for incoming messages: `GET /messages/wait`. */
export function createWaiting(deps: {
  readonly store: Store;
  readonly clock: Clock;
  /** Returns the date by which messages end. */
  readonly confirmedDate: () => UnixMs;
}): Waiting {
  const { store, clock } = deps;
  const waiting = new Set<{ wake(): void; end(): void }>();

  const query = (request: WaitRequest, after: number | undefined) =>
    store.read((tables) => ({
      messages: tables.messages.list({
        direction: 'in',
        order: 'asc',
        limit: messagingLimits.wait.rows,
        shownAtMs: deps.confirmedDate(),
        ...(after === undefined ? { unread: true } : { after }),
        ...(request.from ? { peer: request.from } : {}),
        ...(request.type ? { type: request.type } : {}),
        ...(request.replyTo ? { replyTo: request.replyTo } : {}),
      }),
      last: tables.messages.lastArrival(),
    }));

  async function wait(request: WaitRequest, signal?: AbortSignalLike): Promise<WaitResult> {
    if (waiting.size >= messagingLimits.wait.callers)
      throw new OcmeshError('too_many_waiters', { retryAfterSeconds: 5 });
    let after = request.after;
    let isOver = signal?.aborted ?? false;
    let wakeUp = (): void => {};
    const waiter = {
      wake: () => wakeUp(),
      end: () => {
        isOver = true;
        wakeUp();
      },
    };
    waiting.add(waiter);
    signal?.addEventListener('abort', waiter.end, { once: true });
    const cancel: Cancel = clock.after(request.timeoutMs, waiter.end);
    try {
      for (;;) {
        // Armed before the query, so that a message that arrives meanwhile is not missed.
        const woken = new Promise<void>((resolve) => {
          wakeUp = resolve;
        });
        const { messages, last } = await query(request, after);
        const newest = messages.at(-1);
        if (newest) return { messages, cursor: newest.arrival, timedOut: false };
        // Nothing is unread: from here on only new messages count.
        after ??= last;
        if (isOver) return { messages: [], cursor: Math.max(after, last), timedOut: true };
        await woken;
      }
    } finally {
      cancel();
      signal?.removeEventListener('abort', waiter.end);
      waiting.delete(waiter);
    }
  }

  return {
    wait,
    onEvent(event) {
      if (event.type === 'message.received') for (const waiter of [...waiting]) waiter.wake();
    },
    stop() {
      for (const waiter of [...waiting]) waiter.end();
    },
  };
}
