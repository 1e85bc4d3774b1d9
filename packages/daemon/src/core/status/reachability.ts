import { minuteMs, type UnixMs } from '@ocmesh/shared/ambient';
import type { Reachability } from '@ocmesh/shared/contract';
import { dialectOf } from '@ocmesh/shared/wire';
import type { MessageRecord } from '../model/message.ts';
import type { RelayOutcomeRecord } from '../model/outbox.ts';
import { isOnline, type PeerRecord } from '../model/peer.ts';
import type { RelaySnapshot } from '../ports/relay-network.ts';
import type { Tables } from '../ports/store.ts';
import { statusLimits } from './limits.ts';

/** Our newest messages to a peer that are looked at. */
const LOOK_BACK = 20;

type State = Reachability['state'];

/** What the relays and the peer did with one message of ours. */
interface SentFacts extends Pick<MessageRecord, 'state'> {
  readonly outcomes: readonly Pick<RelayOutcomeRecord, 'outcome' | 'atMs'>[];
}

export interface ReachabilityFacts {
  readonly nowMs: UnixMs;
  readonly blocked: boolean;
  readonly online: boolean;
  /** Its daemon says when it has stored a message. */
  readonly confirms: boolean;
  /** At least one relay of ours takes what we write. */
  readonly writable: boolean;
  /** The newest first. */
  readonly sent: readonly SentFacts[];
}

/** Whether a message would get to the peer now. The first that fits, from what stands in the way most. */
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

/** The newest message on which any relay has said something, decides. */
function isRefused(sent: readonly SentFacts[]): boolean {
  const answered = sent.find(({ outcomes }) => outcomes.length > 0);
  return (
    answered !== undefined &&
    answered.state !== 'delivered' &&
    answered.state !== 'read' &&
    answered.outcomes.every(({ outcome }) => outcome === 'rejected')
  );
}

/** Nothing newer was confirmed either: one message may get lost, a daemon that reads confirms the next. */
function isSilent(sent: readonly SentFacts[], nowMs: UnixMs): boolean {
  const overdueMs = nowMs - statusLimits.silentMinutes * minuteMs;
  const decisive = sent.find(
    ({ state, outcomes }) =>
      state === 'delivered' ||
      state === 'read' ||
      (state === 'published' && outcomes.some((one) => one.outcome === 'accepted' && one.atMs <= overdueMs)),
  );
  return decisive?.state === 'published';
}

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
  refused: 'Every relay that responded refused our latest message to it.',
  no_relay: 'None of our relays accepts messages now: they wait in the outbox.',
  blocked: 'The owner blocked it: nothing it sends is kept.',
};
