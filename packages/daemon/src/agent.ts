import type { Clock, Log, Random } from '@ocmesh/shared/ambient';
import { type Handlers, limits, type Streams } from '@ocmesh/shared/contract';
import type { EventDraft, NostrEvent } from '@ocmesh/shared/wire';
import type { Config } from './config/schema.ts';
import { createEventHub } from './core/events/event-hub.ts';
import { createHandlers } from './core/handlers/handlers.ts';
import { presentRelay } from './core/handlers/present-relay.ts';
import { type Identity, loadOrCreateIdentity } from './core/identity/identity.ts';
import { createPipeline } from './core/ingest/pipeline.ts';
import { createRefusalCounters } from './core/ingest/verdict.ts';
import { createAnnouncer } from './core/mesh/announce.ts';
import { createDiscovery } from './core/mesh/discover.ts';
import { createHandshake } from './core/mesh/handshake.ts';
import { createOnlineWatch } from './core/mesh/online-watch.ts';
import { createPresenceHandler } from './core/mesh/peer-book.ts';
import { createQueryAnswers } from './core/messaging/answer-queries.ts';
import { createCatchUp } from './core/messaging/catch-up.ts';
import { createDmHandler } from './core/messaging/inbox.ts';
import { createOutbox } from './core/messaging/outbox.ts';
import { createReceipts } from './core/messaging/receipts.ts';
import { type Bounds, createRetention } from './core/messaging/retention.ts';
import { createSend } from './core/messaging/send.ts';
import { createWaiting } from './core/messaging/wait.ts';
import { createDomainEvents, type DomainEvent } from './core/model/domain-events.ts';
import type { CryptoEngine } from './core/ports/crypto-engine.ts';
import type { RelayNetwork } from './core/ports/relay-network.ts';
import type { Store } from './core/ports/store.ts';
import type { RelayList } from './core/relays/relay-list.ts';
import { createHealth } from './core/status/health.ts';
import { createStatusWatch } from './core/status/status-watch.ts';

/** What the core needs from outside. */
export interface Ports {
  readonly store: Store;
  readonly engine: CryptoEngine;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** @param sign for NIP-42 */
  readonly connect: (sign: (draft: EventDraft) => NostrEvent) => RelayNetwork;
}

export interface Agent {
  readonly identity: Identity;
  readonly handlers: Handlers & Streams;
  start(): void;
  /** Says goodbye and lets what is in flight land. */
  stop(): Promise<void>;
}

/** The core, wired: mesh and messaging meet here, and only here. */
export async function createAgent(ports: Ports, config: Config, bounds: Bounds = limits): Promise<Agent> {
  const { store, engine, clock, random, log } = ports;
  const { name } = config;
  const onlineWindowMs = config.online_window_s * 1000;
  const { identity, created } = await loadOrCreateIdentity({ store, engine, random });
  if (created) log.info('new identity', { pubkey: identity.pubkey, npub: identity.npub });

  const network = ports.connect(identity.sign);
  const counters = createRefusalCounters();
  const retention = createRetention({ store, clock, log }, bounds);
  const health = createHealth({ network, store, clock, inboxFullSince: retention.fullSince });
  const events = createDomainEvents();
  const { publish: notify } = events;
  const hub = createEventHub({ random }, { kept: limits.eventsKept });
  const onlineWatch = createOnlineWatch({ store, clock, notify }, { onlineWindowMs });
  const statusWatch = createStatusWatch({ health, clock, notify });
  const relayList = createPassingRelayList(config.relays, network);

  const outbox = createOutbox({ store, network, clock, random, log, notify });
  const wakeOutbox = outbox.wake;
  const receipts = createReceipts({ identity, store, clock, log, wakeOutbox });
  const send = createSend({ identity, store, clock, random, makeRoom: retention.makeRoom, wakeOutbox });
  const waiting = createWaiting({ store, clock });
  const answerQuery = createQueryAnswers({ identity, store, clock, log, wakeOutbox }, { name });
  const handshake = createHandshake({ identity, store, clock, log, wakeOutbox }, { name });

  const pipeline = createPipeline({
    self: identity.pubkey,
    engine,
    store,
    clock,
    log,
    counters,
    notify,
    onDeferred: (url) => catchUp.onDeferred(url),
    handlers: { presence: createPresenceHandler(), dm: createDmHandler(identity, retention.makeRoom) },
  });
  const announcer = createAnnouncer(
    { identity, network, store, clock, log },
    {
      name,
      intervalMs: config.announce_interval_s * 1000,
      onlineWindowMs,
      presenceKinds: config.presence_kinds,
    },
  );
  const discovery = createDiscovery(
    { network, clock, log, ingest: pipeline.ingest },
    { intervalMs: config.scan_interval_s * 1000, onlineWindowMs },
  );
  const catchUp = createCatchUp({
    self: identity.pubkey,
    network,
    store,
    clock,
    log,
    ingestStored: pipeline.ingestStored,
  });

  function onEvent(event: DomainEvent): void {
    report(event, log);
    hub.publish(event);
    onlineWatch.onEvent(event);
    handshake.onEvent(event);
    waiting.onEvent(event);
    answerQuery(event);
    if (event.type === 'message.received') receipts.wake();
  }

  return {
    identity,
    handlers: createHandlers(
      {
        ...{ identity, store, network, relayList, clock, health, counters, send, waiting, hub, notify },
        wakeReceipts: receipts.wake,
      },
      { name, onlineWindowMs },
    ),

    start() {
      events.subscribe(onEvent);
      network.start(
        config.relays,
        [
          { name: 'presence', filters: discovery.filters },
          { name: 'dm', filters: catchUp.filters },
        ],
        {
          onEvent: pipeline.ingest,
          onGarbage: (_url, reason) => counters.count(reason),
          onConnected(url) {
            statusWatch.look();
            announcer.onConnected(url);
            outbox.onConnected(url);
          },
          onDisconnected(url) {
            statusWatch.look();
            catchUp.onDisconnected(url);
          },
          onInfo: announcer.onInfo,
          onSubscribed(url, subscription) {
            statusWatch.look();
            if (subscription === 'dm') catchUp.onSubscribed(url);
          },
          onState(url) {
            const relay = network.relays().find((one) => one.url === url);
            if (relay) notify([{ type: 'relay.state', relay: presentRelay(relay) }]);
            statusWatch.look();
          },
        },
      );
      announcer.start();
      discovery.start();
      outbox.start();
      retention.start();
      onlineWatch.start();
      statusWatch.start();
      receipts.wake();
      void handshake.start();
    },

    async stop() {
      waiting.stop();
      onlineWatch.stop();
      statusWatch.stop();
      discovery.stop();
      catchUp.stop();
      pipeline.stop();
      receipts.stop();
      retention.stop();
      await announcer.stop();
      await outbox.stop();
      await network.stop();
    },
  };
}

/** The lines people follow in the log. Never the text of a message. */
function report(event: DomainEvent, log: Log): void {
  switch (event.type) {
    case 'peer.discovered':
      return log.info(`discovered peer ${event.peer.pubkey}`, {
        name: event.peer.name,
        version: event.peer.version,
      });
    case 'peer.handshaked':
      return log.info(`handshake acknowledged by ${event.pubkey}`);
    case 'message.received':
      return log.info(`message received from ${event.peer}`, { id: event.id });
    case 'message.state':
      return log.debug(`message ${event.state}`, { id: event.id });
  }
}

/** To be replaced by one that is stored: this one forgets at the next start. */
function createPassingRelayList(initial: readonly string[], network: RelayNetwork): RelayList {
  let urls = [...initial];
  return {
    urls: () => urls,
    async add(url) {
      if (urls.includes(url)) return false;
      urls = [...urls, url];
      network.use(urls);
      return true;
    },
    async remove(url) {
      if (!urls.includes(url)) return false;
      urls = urls.filter((one) => one !== url);
      network.use(urls);
      return true;
    },
  };
}
