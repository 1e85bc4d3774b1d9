import type { CatchUp } from './core/catch-up/catch-up.ts';
import type { Pipeline } from './core/ingest/pipeline.ts';
import type { RefusalCounters } from './core/ingest/refusal-counters.ts';
import type { Announcer } from './core/mesh/announce.ts';
import type { Discovery } from './core/mesh/discover.ts';
import type { RelayLists } from './core/mesh/relay-lists.ts';
import type { Outbox } from './core/outbox/outbox.ts';
import type { NetworkListener } from './core/ports/relay-network.ts';
import type { RelayTests } from './core/relays/relay-tests.ts';
import type { WakeTests } from './core/relays/wake-tests.ts';
import type { RelayWatch } from './core/status/relay-watch.ts';
import type { StatusWatch } from './core/status/status-watch.ts';
import type { TimeWatch } from './core/status/time-watch.ts';

/** Passes on what happens at the relays to the parts that react to it. */
export function createRelayListener(deps: {
  readonly relayTests: RelayTests;
  readonly wakeTests: Pick<WakeTests, 'onEvent'>;
  readonly pipeline: Pipeline;
  readonly counters: RefusalCounters;
  readonly announcer: Announcer;
  readonly outbox: Outbox;
  readonly catchUp: CatchUp;
  readonly discovery: Discovery;
  readonly relayLists: RelayLists;
  readonly relayWatch: RelayWatch;
  readonly statusWatch: StatusWatch;
  readonly time: Pick<TimeWatch, 'onConnected'>;
  readonly ownRelays: () => readonly string[];
}): NetworkListener {
  const { relayTests, wakeTests, pipeline, counters, announcer, discovery, outbox, catchUp, relayLists } =
    deps;
  const { relayWatch, statusWatch, time } = deps;
  return {
    onEvent(event, url, bytes) {
      discovery.onLive(event, url, bytes);
      catchUp.noteLive(event, url);
      if (relayTests.onEvent(event, url) || wakeTests.onEvent(event, url)) return;
      catchUp.onLive(event, url);
    },
    // Asked for like the rest of its query, whatever its date.
    onLate(event, url) {
      if (!relayTests.onLate(event, url)) void pipeline.ingestBackfill([event], url);
    },
    onGarbage: (_url, reason) => counters.count(reason),
    onConnected(url) {
      statusWatch.check();
      time.onConnected();
      // Our presence goes to our own relays only; peers' relays get messages and nothing else.
      if (deps.ownRelays().includes(url)) {
        announcer.onConnected(url);
        catchUp.onConnected(url);
      }
      outbox.onConnected(url);
    },
    onDisconnected(url) {
      discovery.onDisconnected(url);
      statusWatch.check();
      outbox.onDisconnected();
      catchUp.onDisconnected(url);
      relayTests.onDisconnected(url);
    },
    onNotice: announcer.onNotice,
    onInfo: announcer.onInfo,
    onAuthenticated(url) {
      if (deps.ownRelays().includes(url)) catchUp.onAuthenticated(url);
    },
    onSubscribed(url, subscription) {
      if (subscription === 'presence') discovery.onSubscribed(url);
      statusWatch.check();
      if (subscription !== 'dm') return;
      catchUp.onSubscribed(url);
      relayTests.onSubscribed(url);
      relayLists.onRelaysChanged();
    },
    onState(url) {
      relayWatch.onState(url);
      statusWatch.check();
    },
  };
}
