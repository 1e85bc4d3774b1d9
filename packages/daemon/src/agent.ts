import type { Clock, Log, Random } from '@ocmesh/shared/ambient';
import type { Handlers, Streams } from '@ocmesh/shared/contract';
import type { EventDraft, NostrEvent } from '@ocmesh/shared/wire';
import { type Config, candidateRelays, policyOf } from './config/schema.ts';
import { createCatchUp } from './core/catch-up/catch-up.ts';
import { createEventHub } from './core/events/event-hub.ts';
import { eventLimits } from './core/events/limits.ts';
import type { HandlerDeps } from './core/handlers/deps.ts';
import { createHandlers } from './core/handlers/handlers.ts';
import { type Identity, loadOrCreateIdentity } from './core/identity/identity.ts';
import { createPipeline } from './core/ingest/pipeline.ts';
import { createRefusalCounters } from './core/ingest/refusal-counters.ts';
import { createAnnouncer } from './core/mesh/announce.ts';
import { createDiscovery } from './core/mesh/discover.ts';
import { createHandshake } from './core/mesh/handshake.ts';
import { createOnlineWatch } from './core/mesh/online-watch.ts';
import { createPresenceHandler } from './core/mesh/peer-book.ts';
import { createRelayListHandler, createRelayLists } from './core/mesh/relay-lists.ts';
import { createQueryAnswers } from './core/messaging/answer-queries.ts';
import { messagingLimits } from './core/messaging/limits.ts';
import { createReceipts } from './core/messaging/receipts.ts';
import { createDmHandler } from './core/messaging/receive.ts';
import { createRetention, type RetentionBounds } from './core/messaging/retention.ts';
import { createSend } from './core/messaging/send.ts';
import { createWaiting } from './core/messaging/wait-for-messages.ts';
import { createDomainEvents, type DomainEvent } from './core/model/domain-events.ts';
import type { OutboxItem } from './core/model/outbox.ts';
import { outboxLimits } from './core/outbox/limits.ts';
import { createOutbox } from './core/outbox/outbox.ts';
import { createResign } from './core/outbox/resign-event.ts';
import type { GatherBounds } from './core/outbox/write-batcher.ts';
import type { CryptoEngine } from './core/ports/crypto-engine.ts';
import type { RelayNetwork } from './core/ports/relay-network.ts';
import type { SignatureChecks } from './core/ports/signature-checks.ts';
import type { Store } from './core/ports/store.ts';
import { createRelayList } from './core/relays/relay-list.ts';
import { createWriteBudget } from './core/relays/write-budget.ts';
import { logEvent } from './core/status/event-log.ts';
import { createHealth } from './core/status/health.ts';
import { createRelayWatch } from './core/status/relay-watch.ts';
import { createStatusWatch } from './core/status/status-watch.ts';
import { createTimeWatch } from './core/status/time-watch.ts';
import { createHeldMessages } from './core/trust/held-messages.ts';
import { trustLimits } from './core/trust/limits.ts';
import { createTrust } from './core/trust/trust.ts';
import { createRelayListener } from './relay-listener.ts';

/** For what is in flight at the end. */
const DRAIN_MS = 1_000;

/** Limits that a test may lower for a whole agent. */
export type Bounds = RetentionBounds & GatherBounds;

export const defaultBounds: Bounds = {
  ...messagingLimits.retention,
  ...trustLimits.quota,
  ...trustLimits.capacity,
  answersGatherMs: outboxLimits.answersGatherMs,
};

/** What the core needs from outside. */
export interface Ports {
  readonly store: Store;
  readonly engine: CryptoEngine;
  readonly signatureChecks?: SignatureChecks;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** @param sign for NIP-42 */
  readonly connect: (sign: (draft: EventDraft) => NostrEvent) => RelayNetwork;
  readonly renderMetrics: HandlerDeps['renderMetrics'];
}

export interface Agent {
  readonly identity: Identity;
  readonly handlers: Handlers & Streams;
  start(): void;
  /** Says goodbye and lets what is in flight land. */
  stop(): Promise<void>;
}

/** The core, wired: mesh and messaging meet here, and only here. */
export async function createAgent(
  ports: Ports,
  config: Config,
  bounds: Bounds = defaultBounds,
): Promise<Agent> {
  const { store, engine, clock, random, log, renderMetrics } = ports;
  const { name } = config;
  const onlineWindowMs = config.online_window_s * 1000;
  const { identity, created } = await loadOrCreateIdentity({ store, engine, random, clock });
  if (created) log.info('new identity', { pubkey: identity.pubkey, npub: identity.npub });

  const network = ports.connect(identity.sign);
  const events = createDomainEvents();
  const { publish: emit } = events;
  const base = { identity, network, store, engine, clock, random, log, emit, renderMetrics };

  const counters = createRefusalCounters();
  const budget = createWriteBudget(clock);
  const time = createTimeWatch({ ...base, onJump: () => onJump() });
  const { confirmedNow, relayOffsetMs } = time;
  const retention = createRetention({ ...base, confirmedNow }, bounds);
  const { makeRoom } = retention;
  const trust = createTrust(base, policyOf(config), bounds);
  const heldMessages = createHeldMessages({ ...base, makeRoom });
  const health = createHealth({ ...base, inboxFullSince: retention.fullSince });
  const hub = createEventHub(base, { kept: eventLimits.kept });
  const onlineWatch = createOnlineWatch(base, { onlineWindowMs });
  const statusWatch = createStatusWatch({ ...base, health });
  const relayWatch = createRelayWatch(base);

  const relayList = createRelayList(
    { ...base, refusesUs: budget.isSpared, onChanged: () => onRelaysChanged() },
    { named: config.relays, candidates: candidateRelays },
  );
  const ownRelays = relayList.urls;
  const relayLists = createRelayLists({
    ...base,
    ownRelays,
    relayOffsetMs,
    ingest: (raw, url) => pipeline.ingest(raw, url),
  });
  const outbox = createOutbox({
    ...base,
    budget,
    resign: createResign(base),
    ownRelays,
    relaysOf: relayLists.relaysOf,
    confirmedNow,
    bounds,
  });
  function offer(items: readonly OutboxItem[]): void {
    for (const { peer } of items) relayLists.want(peer);
    outbox.offer(items);
  }
  const receipts = createReceipts({ ...base, ...trust, offer });
  const send = createSend({ ...base, ...trust, confirmedNow, makeRoom, offer });
  const waiting = createWaiting(base);
  const answerQuery = createQueryAnswers({ ...base, ...trust, offer }, { name });
  const handshake = createHandshake({ ...base, offer }, { name });

  const pipeline = createPipeline({
    ...base,
    self: identity.pubkey,
    signatureChecks: ports.signatureChecks,
    ...{ ...trust, counters },
    isBlocked: trust.blockList.has,
    onDeferred: (...deferred) => catchUp.onDeferred(...deferred),
    onForged: (url) => network.report(url, 'forged'),
    handlers: {
      presence: createPresenceHandler(trust.makeRoomForPeer),
      dm: createDmHandler({ ...base, ...trust, makeRoom, counters }),
      relayList: createRelayListHandler(),
    },
  });
  const announcer = createAnnouncer(
    { ...base, budget, relayOffsetMs },
    {
      name,
      intervalMs: config.announce_interval_s * 1000,
      onlineWindowMs,
      presenceKinds: config.presence_kinds,
    },
  );
  const discovery = createDiscovery(
    { ...base, ingest: pipeline.ingest },
    { intervalMs: config.scan_interval_s * 1000, onlineWindowMs },
  );
  const catchUp = createCatchUp({ ...base, self: identity.pubkey, ingestBackfill: pipeline.ingestBackfill });

  const relayListener = createRelayListener({
    ...{ pipeline, counters, announcer, outbox, catchUp, relayLists, relayWatch, statusWatch },
    isOwn: (url) => ownRelays().includes(url),
  });

  function onRelaysChanged(): void {
    outbox.onRelaysChanged();
    relayLists.onRelaysChanged();
  }

  function onJump(): void {
    network.wake();
    catchUp.onWake();
  }

  /** A crash, or another configuration, may have left messages held that the policy lets in. */
  function releaseHeld(): void {
    if (trust.policies.get().strangers !== 'open') return;
    heldMessages
      .releaseAll()
      .catch((error) => log.warn('held messages could not be released', { reason: String(error) }));
  }

  function onEvent(event: DomainEvent): void {
    logEvent(event, log);
    hub.publish(event);
    onlineWatch.onEvent(event);
    trust.blockList.onEvent(event);
    outbox.onEvent(event);
    handshake.onEvent(event);
    waiting.onEvent(event);
    answerQuery(event);
    if (event.type === 'message.received') receipts.wake();
    if (event.type === 'peer.relays') outbox.onRelaysChanged();
  }

  return {
    identity,
    handlers: createHandlers(
      {
        ...base,
        ...{
          relayList,
          health,
          counters,
          send,
          waiting,
          hub,
          heldMessages,
          outboxDepth: outbox.depth,
          ...trust,
        },
        wakeReceipts: receipts.wake,
        nextAttemptAtMs: outbox.nextAttemptAtMs,
      },
      { name, onlineWindowMs },
    ),

    start() {
      events.subscribe(onEvent);
      network.start(
        ownRelays(),
        [
          { name: 'presence', filters: discovery.filters },
          { name: 'dm', filters: catchUp.filters },
        ],
        relayListener,
      );
      time.start();
      relayList.start();
      announcer.start();
      discovery.start();
      catchUp.start();
      outbox.start();
      retention.start();
      onlineWatch.start();
      statusWatch.start();
      receipts.wake();
      handshake.start();
      releaseHeld();
    },

    async stop() {
      waiting.stop();
      onlineWatch.stop();
      statusWatch.stop();
      time.stop();
      relayList.stop();
      relayLists.stop();
      discovery.stop();
      catchUp.stop();
      pipeline.stop();
      receipts.stop();
      handshake.stop();
      retention.stop();
      await announcer.stop();
      const drained = outbox.stop();
      // A relay that does not answer holds up nobody: with its connection goes what it still owes.
      await new Promise<void>((resolve) => {
        const cancel = clock.after(DRAIN_MS, resolve);
        void drained.then(cancel).then(resolve);
      });
      await network.stop();
      await drained;
    },
  };
}
