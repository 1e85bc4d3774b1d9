import type { Cancel, Clock } from '@ocmesh/shared/ambient';
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
  /** Position of arrival; without it unread messages are taken at once, else the next that comes. */
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
  /** Answers everybody who still waits. */
  stop(): void;
}

/** Long polls for incoming messages. */
export function createWaiting(deps: { readonly store: Store; readonly clock: Clock }): Waiting {
  const { store, clock } = deps;
  const waiting = new Set<{ wake(): void; end(): void }>();

  const look = (request: WaitRequest, after: number | undefined) =>
    store.read((tables) => ({
      messages: tables.messages.list({
        direction: 'in',
        order: 'asc',
        limit: messagingLimits.wait.rows,
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
    let over = signal?.aborted ?? false;
    let wakeUp = (): void => {};
    const waiter = {
      wake: () => wakeUp(),
      end: () => {
        over = true;
        wakeUp();
      },
    };
    waiting.add(waiter);
    signal?.addEventListener('abort', waiter.end, { once: true });
    const cancel: Cancel = clock.after(request.timeoutMs, waiter.end);
    try {
      for (;;) {
        // Armed before the look: what arrives meanwhile is not missed.
        const woken = new Promise<void>((resolve) => {
          wakeUp = resolve;
        });
        const { messages, last } = await look(request, after);
        const newest = messages.at(-1);
        if (newest) return { messages, cursor: newest.arrival, timedOut: false };
        // Nothing unread: from here on only what comes counts.
        after ??= last;
        if (over) return { messages: [], cursor: Math.max(after, last), timedOut: true };
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
