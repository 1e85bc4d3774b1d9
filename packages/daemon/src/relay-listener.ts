import type { CatchUp } from './core/catch-up/catch-up.ts';
import type { Pipeline } from './core/ingest/pipeline.ts';
import type { RefusalCounters } from './core/ingest/refusal-counters.ts';
import type { Announcer } from './core/mesh/announce.ts';
import type { RelayLists } from './core/mesh/relay-lists.ts';
import type { Outbox } from './core/outbox/outbox.ts';
import type { NetworkListener } from './core/ports/relay-network.ts';
import type { RelayWatch } from './core/status/relay-watch.ts';
import type { StatusWatch } from './core/status/status-watch.ts';

/** Who is told what of the relays: mesh and messaging both hear of them. */
export function createRelayListener(deps: {
  readonly pipeline: Pipeline;
  readonly counters: RefusalCounters;
  readonly announcer: Announcer;
  readonly outbox: Outbox;
  readonly catchUp: CatchUp;
  readonly relayLists: RelayLists;
  readonly relayWatch: RelayWatch;
  readonly statusWatch: StatusWatch;
  /** Whether the relay is one of ours, not one of a peer. */
  readonly isOwn: (url: string) => boolean;
}): NetworkListener {
  const { announcer, outbox, catchUp, relayLists, statusWatch } = deps;
  return {
    onEvent: deps.pipeline.ingest,
    onGarbage: (_url, reason) => deps.counters.count(reason),
    onConnected(url) {
      statusWatch.check();
      // Relays of peers get messages, nothing else.
      if (deps.isOwn(url)) announcer.onConnected(url);
      outbox.onConnected(url);
    },
    onDisconnected(url) {
      statusWatch.check();
      catchUp.onDisconnected(url);
    },
    onInfo: announcer.onInfo,
    onSubscribed(url, subscription) {
      statusWatch.check();
      if (subscription !== 'dm') return;
      catchUp.onSubscribed(url);
      relayLists.onRelaysChanged();
    },
    onState(url) {
      deps.relayWatch.onState(url);
      statusWatch.check();
    },
  };
}
