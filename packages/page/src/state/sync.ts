import { type Cancel, every } from '@ocmesh/shared/ambient';
import type { StreamEvent } from '@ocmesh/shared/contract';
import { batch } from '@preact/signals';
import { createEventApplier } from './apply-events.ts';
import type { Fetches } from './fetches.ts';
import { followStream } from './follow-stream.ts';
import { pageLimits } from './limits.ts';
import type { MeshData } from './mesh-data.ts';
import { endsSession, type PageApi } from './page-api.ts';
import type { PagePorts } from './ports.ts';
import { createRefresher } from './refresher.ts';

/** What happened on the mesh just now, for what moves or is announced. */
export type Activity =
  | Exclude<StreamEvent, { event: 'reset' }>
  | { readonly event: 'peer.seen'; readonly data: { readonly pubkey: string } };

export interface Sync {
  start(): void;
  stop(): void;
}

/**
 * Keeps the page's state equal to the daemon's. The stream is opened first and everything is fetched then, so that nothing
 * happens unnoticed in between. What an event touches while it is fetched is fetched again: the event may be older.
 */
export function createSync(deps: {
  readonly api: PageApi;
  readonly data: MeshData;
  readonly fetches: Fetches;
  readonly ports: PagePorts;
  readonly onActivity: (activity: Activity) => void;
  /** A conversation has changed. */
  readonly onConversation: (pubkey: string) => void;
  /** Everything was fetched. */
  readonly onLoaded: () => void;
  readonly onSessionEnd: () => void;
}): Sync {
  const { api, data, fetches, ports, onActivity, onConversation, onLoaded, onSessionEnd } = deps;
  const { clock } = ports;
  const over = new AbortController();
  let gathered: StreamEvent[] = [];
  let cancelFlush: Cancel | null = null;
  let isLoading = false;
  let cancels: readonly Cancel[] = [];

  const everything = createRefresher(clock, 0, load);
  const onReset = everything.request;
  const applier = createEventApplier({ data, fetches, clock, onReset, onConversation, onError });

  function onError(error: unknown): void {
    // Everything else shows in the stream as well, which is opened again.
    if (!endsSession(error) || over.signal.aborted) return;
    stop();
    onSessionEnd();
  }

  function stop(): void {
    over.abort();
    cancelFlush?.();
    for (const cancel of cancels) cancel();
    everything.stop();
    applier.stop();
  }

  async function load(): Promise<void> {
    isLoading = true;
    await fetches.everything().then(onLoaded, onError);
    isLoading = false;
    const meanwhile = gathered;
    gathered = [];
    for (const event of meanwhile) applier.refetch(event);
    report(meanwhile);
  }

  function onEvent(event: StreamEvent): void {
    gathered.push(event);
    cancelFlush ??= clock.after(pageLimits.gatherMs, flush);
  }

  function flush(): void {
    cancelFlush = null;
    if (isLoading) return;
    const events = gathered;
    gathered = [];
    batch(() => {
      for (const event of events) applier.apply(event);
      applier.dropOld();
    });
    report(events);
  }

  function report(events: readonly StreamEvent[]): void {
    for (const event of events) if (event.event !== 'reset') onActivity(event);
  }

  const whileVisible = (intervalMs: number, run: () => Promise<unknown>): Cancel =>
    every(clock, intervalMs, () => {
      if (ports.isVisible() && data.link.peek() === 'live' && !isLoading) run().catch(onError);
    });

  async function lookAtStatus(): Promise<void> {
    const before = data.status.peek()?.request_count;
    await Promise.all([fetches.status(), fetches.relays()]);
    if (data.status.peek()?.request_count !== before) applier.requests.request();
  }

  async function lookForSigns(): Promise<void> {
    for (const { pubkey } of await fetches.seenPeers()) onActivity({ event: 'peer.seen', data: { pubkey } });
  }

  return {
    start() {
      const { link } = data;
      void followStream({ api, link, clock, onOpen: everything.request, onEvent, onError }, over.signal);
      fetches.history().catch(onError);
      cancels = [
        whileVisible(pageLimits.statusMs, lookAtStatus),
        whileVisible(pageLimits.seenMs, lookForSigns),
        whileVisible(pageLimits.historyMs, () => Promise.all([fetches.history(), fetches.peers()])),
        ports.onVisible(everything.request),
      ];
    },
    stop,
  };
}
