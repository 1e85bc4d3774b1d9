import { toIso, type UnixMs } from '@ocmesh/shared/ambient';
import {
  type AcceptedDates,
  type Asked,
  type Delivery,
  type Message,
  type Peer,
  type Pubkey,
  type Reachability,
  type Reason,
  type RelayDetails,
  type RelayStatus,
  reachabilityStep,
  reasonStep,
  type Status,
  type Warning,
  warningStep,
} from '@ocmesh/shared/contract';
import type { Backlog } from '../catch-up/catch-up.ts';
import { toNpub } from '../identity/public-key-text.ts';
import type { Answers } from '../mesh/ask-relays.ts';
import type { DiscoveryStatus } from '../mesh/discover.ts';
import type { Traffic } from '../mesh/discovery-traffic.ts';
import type { HealthReason, HealthWarning } from '../model/domain-events.ts';
import type { MessageRecord } from '../model/message.ts';
import { handshakeOf, isOnline, type PeerRecord } from '../model/peer.ts';
import type { Conduct, Finding } from '../model/relay.ts';
import type { RelaySnapshot } from '../ports/relay-network.ts';
import type { Tables } from '../ports/store.ts';
import type { LoopGuard } from '../trust/loop-guard.ts';
import type { HandlerDeps } from './deps.ts';

const isoOrNull = (ms: UnixMs | null): string | null => (ms === null ? null : toIso(ms));

export interface PeerContext {
  readonly nowMs: UnixMs;
  /** Messages that have ended by then do not count. */
  readonly shownAtMs: UnixMs;
  readonly onlineWindowMs: number;
  readonly loopGuard: LoopGuard;
}

/** Shows a peer as REST does. */
export const presentPeer = (
  tables: Tables,
  peer: PeerRecord,
  { nowMs, shownAtMs, onlineWindowMs, loopGuard }: PeerContext,
): Peer => ({
  pubkey: peer.pubkey,
  name: peer.name,
  online: isOnline(peer, nowMs, onlineWindowMs),
  last_seen: toIso(peer.lastSeenMs),
  features: [...peer.features],
  npub: toNpub(peer.pubkey),
  first_seen: toIso(peer.firstSeenMs),
  handshake: handshakeOf(peer),
  trust: peer.trust,
  alias: peer.alias,
  note: peer.note,
  paused: presentPause(loopGuard.pauseOf(tables, peer.pubkey)),
  version: peer.version,
  about: peer.about,
  capabilities: [...peer.capabilities],
  unread_count: tables.messages.countUnread(shownAtMs, peer.pubkey),
});

const presentPause = (pause: ReturnType<LoopGuard['pauseOf']>): Peer['paused'] =>
  pause && { since: toIso(pause.sinceMs), until: toIso(pause.untilMs) };

/** Shows a reason to be degraded as the status and the event stream do. */
export const presentReason = ({ sinceMs, ...reason }: HealthReason): Reason => ({
  ...reason,
  since: toIso(sinceMs),
  next_step: reasonStep(reason, 'api'),
});

export const presentWarning = (warning: HealthWarning): Warning => ({
  ...warning,
  next_step: warningStep(warning.code, 'api'),
});

export const presentReachability = (found: Omit<Reachability, 'next_step'>): Reachability => ({
  ...found,
  next_step: reachabilityStep(found.state, 'api'),
});

/** What we know about an event on its way, and about the relays that accepted it. */
type OutboxView = Pick<HandlerDeps, 'nextAttemptAtMs' | 'pendingRelays' | 'conductOf'>;

interface MessageContext extends OutboxView {
  readonly self: Pubkey;
  readonly ourName: string | null;
  readonly showCursor: (arrival: number) => string;
}

/** Shows a message as REST does. */
export function presentMessage(tables: Tables, message: MessageRecord, context: MessageContext): Message {
  const { self, ourName, showCursor } = context;
  const incoming = message.direction === 'in';
  const peer = tables.peers.get(message.peer);
  return {
    id: message.id,
    from: incoming ? message.peer : self,
    from_name: incoming ? (peer?.alias ?? peer?.name ?? null) : ourName,
    to: incoming ? self : message.peer,
    content: message.content,
    timestamp: toIso(message.timestampMs),
    read: message.read,
    direction: message.direction,
    type: message.type,
    data: message.data,
    reply_to: message.replyTo,
    thread: message.thread,
    recipients: [...message.recipients],
    subject: message.subject,
    seq: message.seq,
    missing_before: message.order.missing,
    trust: peer?.trust ?? 'stranger',
    auto: message.auto,
    hops: message.hops,
    cursor: showCursor(message.arrival),
    delivery: presentDelivery(tables, message, context),
  };
}

/** Shows the delivery state of a message, and the outcome at each relay. */
export function presentDelivery(
  tables: Tables,
  message: MessageRecord,
  { nextAttemptAtMs, pendingRelays, conductOf }: OutboxView,
): Delivery {
  const incoming = message.direction === 'in';
  const outcomes = tables.outbox.outcomes(message.eventId);
  const pending = incoming ? [] : pendingRelays(message.eventId);
  return {
    state: message.state,
    relays: [
      ...outcomes.map(({ url, outcome, reason, atMs }) => ({
        url,
        outcome: incoming ? ('received' as const) : outcome,
        reason,
        at: toIso(atMs),
      })),
      ...pending
        .filter(({ url }) => !outcomes.some((outcome) => outcome.url === url))
        .map((relay) => ({ ...relay, outcome: 'pending' as const, at: toIso(message.arrivedAtMs) })),
    ],
    kept_by: outcomes.filter(
      ({ url, outcome }) => outcome === 'accepted' && conductOf(url).keeps.answer === 'yes',
    ).length,
    delivered_at: isoOrNull(message.deliveredAtMs),
    read_at: isoOrNull(message.readAtMs),
    next_attempt_at: incoming ? null : isoOrNull(nextAttemptAtMs(message.eventId)),
  };
}

/** Shows a relay as the status and the event stream do. */
export const presentRelay = (relay: Omit<RelaySnapshot, 'info'>): RelayStatus => ({
  url: relay.url,
  role: relay.role === 'own' ? 'own' : 'foreign',
  state: relay.state,
  rests_until: isoOrNull(relay.backoffUntil),
  connected_since: isoOrNull(relay.connectedSince),
  carries_dms: relay.carriesDms,
  last_error: relay.lastError,
});

const presentFinding = ({ answer, reason, atMs }: Finding): RelayDetails['keeps'] => ({
  answer,
  reason,
  at: isoOrNull(atMs),
});

/** Shows a relay as `GET /relays` does. */
export const presentRelayDetails = (
  relay: RelaySnapshot,
  conduct: Conduct,
  dates: AcceptedDates,
  backlog: Backlog,
): RelayDetails => ({
  ...presentRelay(relay),
  keeps: presentFinding(conduct.keeps),
  forwards: presentFinding(conduct.forwards),
  keeps_presence: presentFinding(conduct.presence),
  catch_up: backlog.state,
  missed_live: backlog.missedLive,
  shares_subscription: relay.sharesSubscription,
  clock_offset_ms: relay.clockOffsetMs,
  round_trip_ms: relay.roundTripMs,
  dates,
  supported_nips: [...(relay.info?.supportedNips ?? [])],
  limitation: { ...relay.info?.limitation },
});

/** Says when the relays were asked, and how many answered; nothing if none was asked. */
export const presentAsked = (answers: Answers | null): { asked?: Asked } =>
  answers === null ? {} : { asked: { relays: answers.relays, as_of: toIso(answers.atMs) } };

const presentTraffic = ({ bytes, events, liveBytes }: Traffic): Status['discovery']['last_day'] => ({
  bytes,
  events,
  live_bytes: liveBytes,
});

export const presentDiscovery = (status: DiscoveryStatus): Status['discovery'] => ({
  mode: status.mode,
  sampled_relays: [...status.sampledRelays],
  budget_bytes_per_day: status.budgetBytes,
  last_hour: presentTraffic(status.lastHour),
  last_day: presentTraffic(status.lastDay),
  mesh: status.mesh,
});
