import type { Clock } from '@ocmesh/shared/ambient';
import { limits, type Message } from '@ocmesh/shared/contract';
import { signal } from '@preact/signals';
import { pageLimits } from './limits.ts';
import { type Failure, type PageApi, toFailure } from './page-api.ts';
import { createRefresher } from './refresher.ts';

/** The open conversation. */
export interface Thread {
  readonly pubkey: string;
  /** Oldest first; null until they were fetched. */
  readonly messages: readonly Message[] | null;
  readonly hasOlder: boolean;
  readonly failure: Failure | null;
}

export type Threads = ReturnType<typeof createThreads>;

/** Holds the messages of the open conversation, in the order of the daemon. */
export function createThreads(api: PageApi, clock: Pick<Clock, 'after'>) {
  const open = signal<Thread | null>(null);
  let wanted: number = pageLimits.threadMessages;

  async function fetchThread(): Promise<void> {
    const pubkey = open.peek()?.pubkey;
    if (pubkey === undefined) return;
    const set = (change: Partial<Thread>): void => {
      const now = open.peek();
      // Another one may be open by now.
      if (now?.pubkey === pubkey) open.value = { ...now, ...change };
    };
    try {
      const page = await api.listMessages({ with: pubkey, direction: 'all', limit: wanted });
      set({ messages: page.items.toReversed(), hasOlder: page.next_cursor !== null, failure: null });
    } catch (error) {
      set({ failure: toFailure(error) });
    }
  }
  const refresher = createRefresher(clock, pageLimits.gatherMs, fetchThread);

  return {
    open,
    show(pubkey: string | null): void {
      if (open.peek()?.pubkey === pubkey) return;
      wanted = pageLimits.threadMessages;
      open.value = pubkey === null ? null : { pubkey, messages: null, hasOlder: false, failure: null };
      if (pubkey !== null) void fetchThread();
    },
    /** Fetches the conversation again if it is the open one. */
    touch(pubkey: string): void {
      if (open.peek()?.pubkey === pubkey) refresher.request();
    },
    refresh: (): Promise<void> => fetchThread(),
    async older(): Promise<void> {
      wanted = Math.min(wanted + pageLimits.threadMessages, limits.http.pageRows);
      await fetchThread();
    },
    stop: refresher.stop,
  };
}
