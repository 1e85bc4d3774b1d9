import { type Clock, type Log, type Random, toHex, type UnixMs } from '@ocmesh/shared/ambient';
import type { CoreHandlers, Streams } from '@ocmesh/shared/contract';
import {
  type Base,
  createIngest,
  createMessaging,
  createOutgoing,
  createRelays,
  createReporting,
  type Ingest,
  type Messaging,
  type Outgoing,
  type Relays,
  type Reporting,
} from './agent-parts.ts';
import { type Config, policyOf, profileOf } from './config/schema.ts';
import { createCursors } from './core/handlers/cursors.ts';
import type { HandlerDeps, HandlerOptions } from './core/handlers/deps.ts';
import { createHandlers } from './core/handlers/handlers.ts';
import { type Identity, loadOrCreateIdentity } from './core/identity/identity.ts';
import { createOwnProfile } from './core/mesh/own-profile.ts';
import { createTwinWatch } from './core/mesh/twin-watch.ts';
import { messagingLimits } from './core/messaging/limits.ts';
import { createRetention, type Retention, type RetentionBounds } from './core/messaging/retention.ts';
import { createDomainEvents, type HealthReason } from './core/model/domain-events.ts';
import { outboxLimits } from './core/outbox/limits.ts';
import type { OutboxBounds } from './core/outbox/outbox.ts';
import type { CryptoEngine } from './core/ports/crypto-engine.ts';
import type { RelayNetwork } from './core/ports/relay-network.ts';
import type { SignatureChecks } from './core/ports/signature-checks.ts';
import type { Store } from './core/ports/store.ts';
import { logEvent } from './core/status/event-log.ts';
import { createTimeWatch, type TimeWatch } from './core/status/time-watch.ts';
import { trustLimits } from './core/trust/limits.ts';
import { createTrust, type Trust } from './core/trust/trust.ts';
import { createLifecycle, type Part } from './lifecycle.ts';
import { createMesh, type Mesh } from './mesh-parts.ts';
import { createOwnerParts, createOwnerServices, type OwnerServices } from './owner-parts.ts';
import { createRelayListener } from './relay-listener.ts';

/** How long a stop waits for the OKs of events in flight. */
const DRAIN_MS = 1_000;
/** Length of the tag that tells two daemons with the same key apart. */
const INSTANCE_BYTES = 8;

/** Limits that a test may lower for a whole agent. */
export type Bounds = RetentionBounds & OutboxBounds;

export const defaultBounds: Bounds = {
  ...messagingLimits.retention,
  ...trustLimits.quota,
  ...trustLimits.share,
  ...trustLimits.capacity,
  okBatchMs: outboxLimits.okBatchMs,
  okWaitMs: outboxLimits.okWaitMs,
  awaitingReceipt: outboxLimits.awaitingReceipt,
  awaitingReceiptBytes: outboxLimits.awaitingReceiptBytes,
};

/** Everything that the core needs from outside. */
export interface Ports {
  readonly store: Store;
  readonly engine: CryptoEngine;
  readonly signatureChecks?: SignatureChecks;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** @param sign for NIP-42 */
  readonly connect: (sign: Identity['sign']) => RelayNetwork;
  readonly renderMetrics: HandlerDeps['renderMetrics'];
  readonly prove: HandlerDeps['prove'];
  /** Returns the minute of the day that the machine's clock shows at this time; in UTC if left out. */
  readonly minuteOfDay?: (ms: UnixMs) => number;
  /** Returns the resident memory of the process. */
  readonly memoryBytes?: () => number;
  /** The proxy that the connections use; null without one. */
  readonly proxy?: HandlerOptions['proxy'];
}

export interface Agent {
  readonly identity: Identity;
  readonly handlers: CoreHandlers & Streams;
  /** Returns why the daemon is degraded, without waiting for the disk; empty while it is not. */
  reasons(): readonly HealthReason[];
  start(): Promise<void>;
  /** Publishes the offline presence, and waits a moment for the OKs of events in flight. */
  stop(): Promise<void>;
}

/** Loads the key pair, and creates what all parts need. */
async function createBase({ store, engine, clock, random, log, connect }: Ports) {
  const { identity, created } = await loadOrCreateIdentity({ store, engine, random, clock });
  if (created) log.info('new identity', { pubkey: identity.pubkey, npub: identity.npub });
  const network = connect(identity.sign);
  const events = createDomainEvents();
  const base: Base = { store, engine, clock, random, log, identity, network, emit: events.publish };
  return { base, events };
}

/** Creates the core: creates its parts in groups (agent-parts.ts) and connects them. */
export async function createAgent(
  ports: Ports,
  config: Config,
  bounds: Bounds = defaultBounds,
): Promise<Agent> {
  const { base, events } = await createBase(ports);
  const { store, engine, clock, random, log, identity, network, emit } = base;
  const onlineWindowMs = config.online_window_s * 1000;

  const time = createTimeWatch({
    store,
    network,
    clock,
    log,
    onJump: () => emit([{ type: 'clock.jumped' }]),
  });
  const trust = createTrust(
    { store, clock, confirmedNow: time.confirmedNow, toDate: time.toDate, log },
    policyOf(config),
    bounds,
  );
  const retention = createRetention(
    { store, clock, log, confirmedNow: time.confirmedNow, confirmedDate: time.confirmedDate },
    bounds,
  );
  const ownProfile = createOwnProfile({ store, log, emit }, profileOf(config));
  const relays = createRelays(base, time, config);
  const instance = toHex(random.bytes(INSTANCE_BYTES));
  const onForged = (url: string) => network.report(url, 'forged');
  const twins = createTwinWatch(
    { engine, clock, correctedNow: time.correctedNow, log, emit, onForged },
    { instance, onlineWindowMs },
  );
  const owner = createOwnerParts(base, { time, trust }, config);
  const ingest = createIngest(base, {
    signatureChecks: ports.signatureChecks,
    time,
    trust,
    retention,
    twins,
    relays,
    takeFromOwner: owner.takeMessage,
  });
  const announcedOn = (urls: readonly string[]) => mesh.announcer.announcedOn(urls);
  const outgoing = createOutgoing(
    base,
    { time, relays, pipeline: ingest.pipeline, bounds, announcedOn },
    config,
  );
  const messaging = createMessaging(base, {
    time,
    trust,
    retention,
    catchUp: ingest.catchUp,
    offer: outgoing.offer,
    profile: ownProfile.get,
  });
  const mesh = createMesh(
    base,
    { time, relays, pipeline: ingest.pipeline, offer: outgoing.offer, instance, profile: ownProfile.get },
    config,
  );
  const reporting = createReporting(base, {
    retention,
    twins,
    relays,
    outgoing,
    discovery: mesh.discovery,
    memoryBytes: ports.memoryBytes ?? (() => 0),
    onlineWindowMs,
  });

  const groups = {
    time,
    trust,
    retention,
    relays,
    ownerServices: createOwnerServices(base, { time, trust, owner, outgoing, reporting }, ports),
    ingest,
    outgoing,
    messaging,
    mesh,
    reporting,
  };
  const lifecycle = createLifecycle({ clock }, listParts(base, groups));
  return {
    identity,
    handlers: createHandlers(
      {
        identity,
        store,
        network,
        clock,
        toDate: time.toDate,
        confirmedDate: time.confirmedDate,
        emit,
        relayList: relays.relayList,
        relayDates: relays.dates,
        backlogOf: ingest.catchUp.backlog,
        conductOf: relays.relayTests.conductOf,
        testRelayNow: relays.relayTests.testNow,
        wakeTests: relays.wakeTests,
        health: reporting.health,
        cursors: createCursors({ store, log }, instance.slice(0, 8)),
        hub: reporting.hub,
        counters: ingest.counters,
        discovery: mesh.discovery,
        send: messaging.send,
        waiting: messaging.waiting,
        heldMessages: owner.heldMessages,
        ownerSettings: owner.settings,
        wakeReceipts: messaging.receipts.wake,
        policies: trust.policies,
        ownProfile,
        askRelays: mesh.askRelays,
        lookUpPeer: mesh.lookUpPeer,
        pingPeer: mesh.pingPeers.ask,
        loopGuard: trust.loopGuard,
        nextAttemptAtMs: outgoing.outbox.nextAttemptAtMs,
        pendingRelays: outgoing.outbox.pendingRelays,
        outboxDepth: outgoing.outbox.depth,
        renderMetrics: ports.renderMetrics,
        history: reporting.history,
        prove: ports.prove,
      },
      { name: config.name, onlineWindowMs, proxy: ports.proxy ?? null },
    ),
    reasons: reporting.health.reasons,
    async start() {
      events.subscribe(lifecycle.onEvent);
      await lifecycle.start();
    },
    stop: lifecycle.stop,
  };
}

/**
 * Lists all parts in the order in which they start and receive domain events. They stop in reverse, so that the announcer
 * can still publish the offline presence, then the outbox drain, and the network closes last.
 */
function listParts(
  { log, network }: Base,
  groups: {
    readonly time: TimeWatch;
    readonly trust: Trust;
    readonly retention: Retention;
    readonly relays: Relays;
    readonly ownerServices: OwnerServices;
    readonly ingest: Ingest;
    readonly outgoing: Outgoing;
    readonly messaging: Messaging;
    readonly mesh: Mesh;
    readonly reporting: Reporting;
  },
): Part[] {
  const { time, trust, retention, relays } = groups;
  const { counters, pipeline, catchUp } = groups.ingest;
  const { relayLists, outbox } = groups.outgoing;
  const { waiting, askForMissing, receipts, answerQuery } = groups.messaging;
  const { announcer, answerPings, discovery, handshake, onlineWatch, pingPeers } = groups.mesh;
  const { history, hub, relayWatch, statusWatch } = groups.reporting;
  const { releaseHeld, news, mailAlarm } = groups.ownerServices;
  const ownRelays = relays.relayList.urls;

  /** Connects to the relays with our two permanent subscriptions. */
  function connect(): void {
    const subscriptions = [
      { name: 'presence', filters: discovery.filters },
      { name: 'dm', filters: catchUp.filters },
    ];
    const listener = createRelayListener({
      relayTests: relays.relayTests,
      wakeTests: relays.wakeTests,
      pipeline,
      counters,
      announcer,
      outbox,
      catchUp,
      discovery,
      relayLists,
      time,
      relayWatch,
      statusWatch,
      ownRelays,
    });
    network.start(ownRelays(), subscriptions, listener);
  }

  return [
    // Log and hub first: an event that another part emits in response is a later one.
    { name: 'log', onEvent: (event) => logEvent(event, log) },
    { name: 'event hub', onEvent: hub.publish },
    {
      name: 'network',
      start: connect,
      stop: network.stop,
      onEvent(event) {
        if (event.type === 'clock.jumped') network.wake();
      },
    },
    { name: 'block list', onEvent: trust.blockList.onEvent },
    {
      name: 'outbox',
      start: outbox.start,
      stop: outbox.stop,
      // A relay that does not respond must not delay the stop: closing its connection settles what is in flight.
      stopWaitMs: DRAIN_MS,
      onEvent(event) {
        outbox.onEvent(event);
        if (event.type === 'relays.changed' || event.type === 'peer.relays') outbox.onRelaysChanged();
      },
    },
    {
      name: 'announcer',
      start: announcer.start,
      stop: announcer.stop,
      onEvent(event) {
        if (event.type === 'twin.left') announcer.onTwinLeft(event.createdAtSec);
        if (event.type === 'profile.changed') announcer.onProfileChanged();
      },
    },
    { name: 'time watch', start: time.start, stop: time.stop },
    {
      name: 'relay list',
      start: relays.relayList.start,
      stop: relays.relayList.stop,
      onEvent(event) {
        if (event.type === 'relay.conduct') relays.relayList.check();
      },
    },
    {
      name: 'relay tests',
      stop: relays.relayTests.stop,
      onEvent(event) {
        if (event.type === 'relays.suspected') relays.relayTests.suspect(event.relays);
      },
    },
    {
      name: 'relay lists of peers',
      stop: relayLists.stop,
      onEvent(event) {
        if (event.type === 'relays.changed') relayLists.onRelaysChanged();
      },
    },
    { name: 'discovery', start: discovery.start, stop: discovery.stop },
    { name: 'pipeline', stop: pipeline.stop },
    {
      name: 'catch-up',
      start: catchUp.start,
      stop: catchUp.stop,
      onEvent(event) {
        if (event.type === 'clock.jumped') catchUp.onWake();
        if (event.type === 'event.deferred') catchUp.onDeferred(event.url, event.createdAtSec);
      },
    },
    { name: 'retention', start: retention.start, stop: retention.stop },
    { name: 'online watch', start: onlineWatch.start, stop: onlineWatch.stop, onEvent: onlineWatch.onEvent },
    {
      name: 'status watch',
      start: statusWatch.start,
      stop: statusWatch.stop,
      onEvent(event) {
        if (event.type === 'relay.conduct') statusWatch.check();
      },
    },
    { name: 'history', start: history.start, stop: history.stop, onEvent: history.onEvent },
    { name: 'handshake', start: handshake.start, stop: handshake.stop, onEvent: handshake.onEvent },
    { name: 'waiting calls', stop: waiting.stop, onEvent: waiting.onEvent },
    { name: 'missing messages', onEvent: askForMissing },
    { name: 'replies to queries', onEvent: answerQuery },
    { name: 'pings', start: pingPeers.start, stop: pingPeers.stop, onEvent: pingPeers.onEvent },
    { name: 'replies to pings', stop: answerPings.stop, onEvent: answerPings.onEvent },
    {
      name: 'receipts',
      start: receipts.wake,
      stop: receipts.stop,
      onEvent(event) {
        if (event.type === 'message.received' || event.type === 'message.repeated') receipts.wake();
      },
    },
    { name: 'held messages', start: releaseHeld },
    { name: 'news for the owner', start: news.start, stop: news.stop, onEvent: news.onEvent },
    { name: 'mail alarm', start: mailAlarm.start, stop: mailAlarm.stop },
  ];
}
