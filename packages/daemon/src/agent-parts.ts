import type { Clock, Log, Random } from '@ocmesh/shared/ambient';
import { kinds } from '@ocmesh/shared/wire';
import { candidateRelays, haveSameOperator } from './config/candidate-relays.ts';
import type { Config } from './config/schema.ts';
import { createCatchUp } from './core/catch-up/catch-up.ts';
import { createEventHub } from './core/events/event-hub.ts';
import { eventLimits } from './core/events/limits.ts';
import { createHistory } from './core/history/history.ts';
import type { Identity } from './core/identity/identity.ts';
import { createPipeline, type Pipeline } from './core/ingest/pipeline.ts';
import { createRefusalCounters } from './core/ingest/refusal-counters.ts';
import type { Announcer } from './core/mesh/announce.ts';
import type { Discovery } from './core/mesh/discover.ts';
import type { OwnProfile } from './core/mesh/own-profile.ts';
import { createPresenceHandler } from './core/mesh/peer-book.ts';
import { createPingHandler } from './core/mesh/ping-handler.ts';
import { createRelayListHandler, createRelayLists } from './core/mesh/relay-lists.ts';
import type { TwinWatch } from './core/mesh/twin-watch.ts';
import { createQueryAnswers } from './core/messaging/answer-queries.ts';
import { createAskForMissing } from './core/messaging/ask-for-missing.ts';
import { createReceipts } from './core/messaging/receipts.ts';
import { createDmHandler } from './core/messaging/receive.ts';
import type { Retention } from './core/messaging/retention.ts';
import { createSend } from './core/messaging/send.ts';
import { createWaiting } from './core/messaging/wait-for-messages.ts';
import type { DomainEvent } from './core/model/domain-events.ts';
import type { OutboxItem } from './core/model/outbox.ts';
import { isOnline } from './core/model/peer.ts';
import { createOutbox, type OutboxBounds } from './core/outbox/outbox.ts';
import { createResign } from './core/outbox/resign-event.ts';
import type { TakeFromOwner } from './core/owner/owner-inbox.ts';
import type { CryptoEngine } from './core/ports/crypto-engine.ts';
import type { RelayNetwork } from './core/ports/relay-network.ts';
import type { SignatureChecks } from './core/ports/signature-checks.ts';
import type { Store } from './core/ports/store.ts';
import { createRelayDates } from './core/relays/relay-dates.ts';
import { createRelayList } from './core/relays/relay-list.ts';
import { createRelayTests } from './core/relays/relay-tests.ts';
import { createWakeTests } from './core/relays/wake-tests.ts';
import { createWriteBudget } from './core/relays/write-budget.ts';
import { createHealth } from './core/status/health.ts';
import { createRelayWatch } from './core/status/relay-watch.ts';
import { createStatusWatch } from './core/status/status-watch.ts';
import type { TimeWatch } from './core/status/time-watch.ts';
import type { Trust } from './core/trust/trust.ts';

/** The ports, and what is made of them first. Each group of parts is created from this and from earlier groups. */
export interface Base {
  readonly store: Store;
  readonly engine: CryptoEngine;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly identity: Identity;
  readonly network: RelayNetwork;
  /** Publishes domain events. */
  readonly emit: (events: readonly DomainEvent[]) => void;
}

export type Relays = ReturnType<typeof createRelays>;
export type Ingest = ReturnType<typeof createIngest>;
export type Outgoing = ReturnType<typeof createOutgoing>;
export type Messaging = ReturnType<typeof createMessaging>;
export type Reporting = ReturnType<typeof createReporting>;

/** Our own relays, and how much we write to each. */
export function createRelays(
  { store, network, clock, random, log, identity, emit }: Base,
  { correctedNow }: Pick<TimeWatch, 'correctedNow'>,
  config: Config,
) {
  const budget = createWriteBudget(clock);
  const dates = createRelayDates({ store, clock, log });
  const relayTests = createRelayTests({
    identity,
    network,
    clock,
    correctedNow,
    random,
    log,
    budget,
    dates,
    hasPresence: config.presence_kinds.includes(kinds.presence),
    onChanged: (url) => emit([{ type: 'relay.conduct', url }]),
    onTested: (url) => emit([{ type: 'relay.tested', url }]),
  });
  const relayList = createRelayList(
    {
      store,
      network,
      clock,
      log,
      refusesUs: budget.refusesUs,
      failsTests: relayTests.fails,
      onChanged: () => emit([{ type: 'relays.changed' }]),
    },
    { named: config.relays, candidates: candidateRelays, haveSameOperator },
  );
  const wakeTests = createWakeTests({
    identity,
    network,
    clock,
    correctedNow,
    budget,
    onArrived: (test) => emit([{ type: 'wake.test', ...test }]),
  });
  return { budget, dates, relayList, relayTests, wakeTests };
}

/** The way in: live events and backfill, from the gate to the store. */
export function createIngest(
  { store, engine, clock, log, identity, network, emit }: Base,
  needs: {
    readonly signatureChecks: SignatureChecks | undefined;
    readonly time: TimeWatch;
    readonly trust: Trust;
    readonly retention: Retention;
    readonly twins: TwinWatch;
    readonly relays: Relays;
    readonly takeFromOwner: TakeFromOwner;
  },
) {
  const { time, trust, retention, twins, relays } = needs;
  const counters = createRefusalCounters();
  const pipeline = createPipeline({
    self: identity.pubkey,
    store,
    engine,
    signatureChecks: needs.signatureChecks,
    clock,
    confirmedNow: time.confirmedNow,
    correctedNow: time.correctedNow,
    log,
    emit,
    counters,
    verificationRates: trust.verificationRates,
    correspondents: trust.correspondents,
    isBlocked: trust.blockList.has,
    relayOffsetMs: needs.time.relayOffsetMs,
    onDeferred: (url, createdAtSec) => emit([{ type: 'event.deferred', url, createdAtSec }]),
    onOwnEvent: twins.onOwnEvent,
    onForged: (url) => network.report(url, 'forged'),
    handlers: {
      presence: createPresenceHandler({
        makeRoom: (tables) => trust.makeRoomForPeer(tables),
        correctedNow: time.correctedNow,
      }),
      relayList: createRelayListHandler(),
      ping: createPingHandler({ identity }),
      dm: createDmHandler({
        identity,
        counters,
        makeRoom: retention.makeRoom,
        makeRoomForPeer: trust.makeRoomForPeer,
        senderLimits: trust.senderLimits,
        policies: trust.policies,
        takeFromOwner: needs.takeFromOwner,
      }),
    },
  });
  const catchUp = createCatchUp({
    self: identity.pubkey,
    network,
    store,
    clock,
    toDate: time.toDate,
    log,
    ingest: pipeline.ingest,
    ingestBackfill: pipeline.ingestBackfill,
    onForwarded: relays.relayTests.onForwarded,
    onMissed: relays.relayTests.onMissed,
  });
  return { counters, pipeline, catchUp };
}

/** The way out: from a queued event to the relays of its receiver. */
export function createOutgoing(
  { store, clock, random, log, identity, network, emit }: Base,
  needs: {
    readonly time: TimeWatch;
    readonly relays: Relays;
    readonly pipeline: Pipeline;
    readonly bounds: OutboxBounds;
    readonly announcedOn: Announcer['announcedOn'];
  },
  config: Config,
) {
  const { time, relays, pipeline, bounds } = needs;
  const relayLists = createRelayLists({
    announcedOn: needs.announcedOn,
    identity,
    network,
    store,
    clock,
    log,
    ownRelays: relays.relayList.urls,
    correctedNow: time.correctedNow,
    relayOffsetMs: time.relayOffsetMs,
    ingest: pipeline.ingest,
  });
  const outbox = createOutbox({
    store,
    network,
    clock,
    random,
    log,
    emit,
    budget: relays.budget,
    relayTests: relays.relayTests,
    resign: createResign({ identity, store, dates: relays.dates, correctedNow: time.correctedNow }),
    ownRelays: relays.relayList.urls,
    spareRelays: relays.relayList.spare,
    relaysOf: relayLists.relaysOf,
    askForRelays: relayLists.wantSoon,
    isOnline(pubkey) {
      const peer = store.peek((tables) => tables.peers.get(pubkey));
      return peer !== null && isOnline(peer, clock.now(), config.online_window_s * 1000);
    },
    confirmedNow: time.confirmedNow,
    bounds,
  });
  /** Hands over what was just put into the outbox on disk, and asks where its receivers read. */
  function offer(items: readonly OutboxItem[]): void {
    for (const { peer, event } of items) {
      relayLists.want(peer);
      relays.relayTests.onWritten(event.kind);
    }
    outbox.offer(items);
  }
  return { relayLists, outbox, offer };
}

/** Messages of the agent, and what the daemon sends by itself because of messages that arrived. */
export function createMessaging(
  { store, engine, clock, random, log, identity, emit }: Base,
  needs: {
    readonly time: TimeWatch;
    readonly trust: Trust;
    readonly retention: Retention;
    readonly catchUp: Ingest['catchUp'];
    readonly offer: Outgoing['offer'];
    readonly profile: OwnProfile['get'];
  },
) {
  const { time, trust, retention, catchUp, offer, profile } = needs;
  const { confirmedNow, confirmedDate } = time;
  const { strangersRation } = trust;
  return {
    send: createSend({
      identity,
      hashOf: (text) =>
        engine.eventId({ pubkey: identity.pubkey, created_at: 0, kind: 0, tags: [], content: text }),
      store,
      clock,
      random,
      confirmedNow,
      makeRoomToSend: retention.makeRoomToSend,
      policies: trust.policies,
      loopGuard: trust.loopGuard,
      firstContacts: trust.firstContacts,
      offer,
      emit,
    }),
    waiting: createWaiting({ store, clock, confirmedDate }),
    askForMissing: createAskForMissing({
      clock,
      correspondents: trust.correspondents,
      fetchSince: catchUp.fetchSince,
    }),
    receipts: createReceipts({
      identity,
      store,
      clock,
      confirmedNow,
      log,
      offer,
      strangersRation,
      mayQueue: retention.mayQueue,
    }),
    answerQuery: createQueryAnswers({
      identity,
      store,
      clock,
      confirmedNow,
      log,
      offer,
      strangersRation,
      profile,
    }),
  };
}

/** The state of the daemon, and the events that `GET /events` shows. */
export function createReporting(
  { store, clock, random, network, emit }: Base,
  needs: {
    readonly retention: Retention;
    readonly twins: TwinWatch;
    readonly discovery: Discovery;
    readonly relays: Relays;
    readonly outgoing: Outgoing;
    readonly memoryBytes: () => number;
    readonly onlineWindowMs: number;
  },
) {
  const health = createHealth({
    network,
    store,
    clock,
    crowded: needs.retention.crowded,
    twinSince: needs.twins.since,
    showsPresences: needs.discovery.isAnsweredBy,
    conductOf: needs.relays.relayTests.conductOf,
    refusesDates: (url) => needs.relays.dates.acceptedBy(url) === 'none',
    stalledMessages: needs.outgoing.outbox.stalled,
  });
  return {
    health,
    history: createHistory({ store, network, clock, memoryBytes: needs.memoryBytes }, needs),
    hub: createEventHub({ random }, { kept: eventLimits.kept }),
    relayWatch: createRelayWatch({ network, emit }),
    statusWatch: createStatusWatch({ health, clock, emit }),
  };
}
