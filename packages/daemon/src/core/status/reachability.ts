import { minuteMs, type UnixMs } from '@ocmesh/shared/ambient';
import type { Reachability } from '@ocmesh/shared/contract';
import { dialectOf } from '@ocmesh/shared/wire';
import type { MessageRecord } from '../model/message.ts';
import type { RelayOutcomeRecord } from '../model/outbox.ts';
import { isOnline, type PeerRecord } from '../model/peer.ts';
import type { RelaySnapshot } from '../ports/relay-network.ts';
import type { Tables } from '../ports/store.ts';
import { statusLimits } from './limits.ts';

/** How many of our newest messages to a peer are considered. */
const LOOK_BACK = 20;

type State = Reachability['state'];

/** The state of one message to the peer, and its outcomes. */
interface SentFacts extends Pick<MessageRecord, 'state'> {
  readonly outcomes: readonly Pick<RelayOutcomeRecord, 'outcome' | 'atMs'>[];
}

export interface ReachabilityFacts {
  readonly nowMs: UnixMs;
  readonly blocked: boolean;
  readonly online: boolean;
  /** Whether its daemon sends receipts. */
  readonly confirms: boolean;
  /** Whether at least one of our relays accepts what we write. */
  readonly writable: boolean;
  /** Newest first. */
  readonly sent: readonly SentFacts[];
}

/** Decides whether a message would reach the peer now. The first state that applies, the worst obstacle first. */
export function reachabilityOf(facts: ReachabilityFacts): Omit<Reachability, 'next_step'> {
  const state = stateOf(facts);
  return { state, why: why[state] };
}

function stateOf({ nowMs, blocked, online, confirms, writable, sent }: ReachabilityFacts): State {
  if (blocked) return 'blocked';
  if (!writable) return 'no_relay';
  if (isRefused(sent)) return 'refused';
  if (!online) return 'stored';
  return confirms && isSilent(sent, nowMs) ? 'silent' : 'reachable';
}

/**
 * Whether every relay that responded rejected the newest message with outcomes, or is known to drop it, and the peer has
 * not confirmed it.
 */
function isRefused(sent: readonly SentFacts[]): boolean {
  const newestTried = sent.find(({ outcomes }) => outcomes.length > 0);
  return (
    newestTried !== undefined &&
    newestTried.state !== 'delivered' &&
    newestTried.state !== 'read' &&
    newestTried.outcomes.every(({ outcome }) => outcome === 'rejected' || outcome === 'dropped')
  );
}

/**
 * Whether the peer confirmed neither a message that relays accepted long enough ago nor any newer one. A single message may
 * get lost; a daemon that reads from our relays confirms the next.
 */
function isSilent(sent: readonly SentFacts[], nowMs: UnixMs): boolean {
  const overdueMs = nowMs - statusLimits.silentMinutes * minuteMs;
  const newestDecisive = sent.find(
    ({ state, outcomes }) =>
      state === 'delivered' ||
      state === 'read' ||
      (state === 'published' && outcomes.some((one) => one.outcome === 'accepted' && one.atMs <= overdueMs)),
  );
  return newestDecisive?.state === 'published';
}

/** Reads from the store, and from the state of our relays, what `reachabilityOf` needs. */
export function gatherFacts(
  tables: Tables,
  peer: PeerRecord,
  relays: readonly RelaySnapshot[],
  time: { readonly nowMs: UnixMs; readonly onlineWindowMs: number },
): ReachabilityFacts {
  const sent = tables.messages.list({ direction: 'out', peer: peer.pubkey, order: 'desc', limit: LOOK_BACK });
  return {
    nowMs: time.nowMs,
    blocked: peer.trust === 'blocked',
    online: isOnline(peer, time.nowMs, time.onlineWindowMs),
    confirms: dialectOf(peer).receipts,
    writable: relays.some(({ role, open, state }) => role === 'own' && open && state === 'connected'),
    sent: sent.map(({ state, eventId }) => ({ state, outcomes: tables.outbox.outcomes(eventId) })),
  };
}

const why: Readonly<Record<State, string>> = {
  reachable: 'It is online, and a relay accepts our messages.',
  stored: 'It is offline: relays keep messages until it returns.',
  silent: `It is online, but has not confirmed messages that relays accepted more than ${statusLimits.silentMinutes} minutes ago.`,
  refused: 'Every relay that responded refused our latest message to it, or drops what it accepts.',
  no_relay: 'None of our relays accepts messages now: they wait in the outbox.',
  blocked: 'The owner blocked it: nothing it sends is kept.',
};
