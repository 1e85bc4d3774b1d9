import type { Cancel, Clock, UnixMs } from '@ocmesh/shared/ambient';
import { type AbortSignalLike, OcmeshError, type Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { MessageRecord } from '../model/message.ts';
import type { Store, Tables } from '../ports/store.ts';
import { type Answers, findAnswers } from './answers.ts';
import { messagingLimits } from './limits.ts';

interface WaitRequest {
  readonly timeoutMs: number;
  readonly from?: Pubkey;
  readonly type?: string;
  readonly replyTo?: string;
  /** Id of a message of ours, whose answer counts. */
  readonly answerTo?: string;
  /** Position of arrival after which messages count. Without it, unread messages count, or else the next one. */
  readonly after?: number;
}

interface WaitResult {
  readonly messages: readonly MessageRecord[];
  readonly cursor: number;
  readonly timedOut: boolean;
  /** With `answerTo`. */
  readonly matched?: Answers['matched'];
}

interface Waiter {
  readonly wokenBy: DomainEvent['type'];
  wake(): void;
  end(): void;
}

export interface Waiting {
  /** @throws OcmeshError `too_many_waiters`, `message_unknown` */
  wait(request: WaitRequest, signal?: AbortSignalLike): Promise<WaitResult>;
  /** Resolves when a message of ours is no longer `queued`, or the time is up. @throws OcmeshError `too_many_waiters` */
  settle(id: string, timeoutMs: number, signal?: AbortSignalLike): Promise<void>;
  onEvent(event: DomainEvent): void;
  /** Ends all waits, as if they had timed out. */
  stop(): void;
}

/** Long polls: for incoming messages (`GET /messages/wait`), and for the state of our own. */
export function createWaiting(deps: {
  readonly store: Store;
  readonly clock: Clock;
  /** Returns the date by which messages end. */
  readonly confirmedDate: () => UnixMs;
}): Waiting {
  const { store, clock, confirmedDate } = deps;
  const waiting = new Set<Waiter>();

  /** Looks until something is there, after each event of this type; null once the time is up. */
  async function lookUntil<T>(
    look: () => Promise<T | null>,
    {
      timeoutMs,
      wokenBy,
      signal,
    }: Pick<Waiter, 'wokenBy'> & { timeoutMs: number; signal?: AbortSignalLike | undefined },
  ): Promise<T | null> {
    if (waiting.size >= messagingLimits.wait.callers)
      throw new OcmeshError('too_many_waiters', { retryAfterSeconds: 5 });
    let isOver = signal?.aborted ?? false;
    let wakeUp = (): void => {};
    const waiter: Waiter = {
      wokenBy,
      wake: () => wakeUp(),
      end: () => {
        isOver = true;
        wakeUp();
      },
    };
    waiting.add(waiter);
    signal?.addEventListener('abort', waiter.end, { once: true });
    const cancel: Cancel = clock.after(timeoutMs, waiter.end);
    try {
      for (;;) {
        // Armed before the look, so that nothing that happens meanwhile is missed.
        const woken = new Promise<void>((resolve) => {
          wakeUp = resolve;
        });
        const found = await look();
        if (found !== null || isOver) return found;
        await woken;
      }
    } finally {
      cancel();
      signal?.removeEventListener('abort', waiter.end);
      waiting.delete(waiter);
    }
  }

  async function wait(request: WaitRequest, signal?: AbortSignalLike): Promise<WaitResult> {
    const { timeoutMs, answerTo } = request;
    let { after } = request;
    let newestSeen = 0;
    const look = async (): Promise<WaitResult | null> => {
      const { found, last } = await store.read((tables) => {
        const looked = { ...request, shownAtMs: confirmedDate() };
        return {
          found:
            answerTo === undefined
              ? findMessages(tables, looked, after)
              : findAnswers(tables, answerTo, looked),
          last: tables.messages.lastArrival(),
        };
      });
      newestSeen = last;
      const newest = found.messages.at(-1);
      if (newest) return { ...found, cursor: newest.arrival, timedOut: false };
      // Nothing is unread: from here on only new messages count.
      after ??= last;
      return null;
    };
    const result = await lookUntil(look, { timeoutMs, wokenBy: 'message.received', signal });
    return result ?? { messages: [], cursor: Math.max(after ?? 0, newestSeen), timedOut: true };
  }

  return {
    wait,
    async settle(id, timeoutMs, signal) {
      const look = () => store.read(({ messages }) => (messages.get(id)?.state === 'queued' ? null : true));
      await lookUntil(look, { timeoutMs, wokenBy: 'message.state', signal });
    },
    onEvent({ type }) {
      for (const waiter of [...waiting]) if (waiter.wokenBy === type) waiter.wake();
    },
    stop() {
      for (const waiter of [...waiting]) waiter.end();
    },
  };
}

const findMessages = (
  tables: Tables,
  { from, type, replyTo, shownAtMs }: WaitRequest & { readonly shownAtMs: UnixMs },
  after: number | undefined,
) => ({
  messages: tables.messages.list({
    direction: 'in',
    order: 'asc',
    limit: messagingLimits.wait.rows,
    shownAtMs,
    ...(after === undefined ? { unread: true } : { after }),
    ...(from ? { peer: from } : {}),
    ...(type ? { type } : {}),
    ...(replyTo ? { replyTo } : {}),
  }),
});
