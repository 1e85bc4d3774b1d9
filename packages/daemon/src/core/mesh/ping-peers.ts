import {
  type Cancel,
  type Clock,
  createTokenBucket,
  dayMs,
  every,
  type Log,
  type MonotonicMs,
  minuteMs,
  settlesWithin,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { kinds, takesPings } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { PeerRecord } from '../model/peer.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store, Tables } from '../ports/store.ts';
import { isCorrespondent } from '../trust/correspondents.ts';
import { meshLimits } from './limits.ts';
import { rendezvous } from './rendezvous.ts';
import { createSendPing } from './send-ping.ts';
import { createSignsOfLife } from './signs-of-life.ts';

const PING = meshLimits.ping;

/** Finds out whether peers that announce themselves seldom are still there. */
export interface PingPeers {
  /** Pings a peer that somebody asks for, if its state may be old. Resolves when it replied, or after a moment. */
  ask(pubkey: Pubkey): Promise<void>;
  onEvent(event: DomainEvent): void;
  start(): void;
  stop(): void;
}

/** How a peer has replied since our daemon started. */
interface Replies {
  /** Relays on which it replied. Only where that worked does silence say something. */
  readonly provenOn: Set<string>;
  askedAt: MonotonicMs;
  isAsking: boolean;
  /** Attempts in a row without a pong. */
  unanswered: number;
  /** When we found that it is silent; null if it is not. */
  silentSinceMs: UnixMs | null;
}

const noReplies = (): Replies => ({
  provenOn: new Set(),
  askedAt: Number.NEGATIVE_INFINITY,
  isAsking: false,
  unanswered: 0,
  silentSinceMs: null,
});

/**
 * Pings contacts that gave no sign of life for longer than agents of a small mesh do, in ephemeral gift wraps, which relays do
 * not keep. A contact that replied before and does not any more counts as offline. Without an earlier reply, silence says
 * nothing: the relay may drop such events, or the peer may not want to tell us.
 */
export function createPingPeers(
  deps: {
    readonly identity: Identity;
    readonly store: Store;
    readonly network: RelayNetwork;
    readonly clock: Clock;
    readonly correctedNow: () => UnixMs;
    readonly log: Log;
    readonly emit: (events: readonly DomainEvent[]) => void;
  },
  options: {
    readonly onlineWindowMs: number;
    readonly budgetBytes: number;
    /** Our agent announces itself nowhere: a ping would tell that it is there. */
    readonly isHidden: boolean;
  },
): PingPeers {
  const { store, clock, log } = deps;
  const { isOnlineNow, noteAlive, noteSilent } = createSignsOfLife(deps, options);
  const pings = createSendPing(deps);
  const peers = new Map<Pubkey, Replies>();
  const budget = createTokenBucket(clock, {
    burst: PING.burst,
    perSecond: (options.budgetBytes * PING.budgetPercent) / 100 / PING.eventBytes / (dayMs / 1000),
  });
  const callers = createTokenBucket(clock, { burst: PING.callerBurst, perSecond: PING.callerPerMinute / 60 });
  /** Pings and pongs that we did not look at: a flood of them must not make contacts seem silent. */
  let dropped = 0;
  let cancel: Cancel = () => {};
  let isStopped = false;

  const repliesOf = (pubkey: Pubkey): Replies => remember(peers, pubkey);

  /** Whether a pong would tell something, and the last attempt is long enough ago. */
  function isDue(peer: PeerRecord, { askedAt, isAsking, unanswered, silentSinceMs }: Replies): boolean {
    if (options.isHidden || isAsking || peer.trust === 'blocked' || !takesPings(peer)) return false;
    if (!isOnlineNow(peer) && silentSinceMs === null) return false;
    const pauseMs = PING.againMinutes * minuteMs * 2 ** Math.min(unanswered, PING.doublings);
    return clock.monotonic() - askedAt >= pauseMs;
  }

  const isOverdue = ({ lastSeenMs }: PeerRecord): boolean =>
    clock.now() - lastSeenMs > PING.silentSeconds * 1000;

  /** Returns our relays on which the peer reads, those on which it replied before first. */
  function relaysFor(pubkey: Pubkey, { provenOn, unanswered }: Replies): string[] {
    const ours = pings.relays();
    const read = store.peek((tables) => readRelays(tables, pubkey));
    const shared = rendezvous(pubkey, read.length === 0 ? ours : ours.filter((url) => read.includes(url)));
    const others = shared.filter((url) => !provenOn.has(url));
    // Without a reply, each attempt begins with another relay.
    const turn = (unanswered * PING.tries) % Math.max(1, others.length);
    return [...shared.filter((url) => provenOn.has(url)), ...others.slice(turn), ...others.slice(0, turn)];
  }

  /** Pings the peer until it replies, on one relay after the other. */
  async function attempt(pubkey: Pubkey, replies: Replies): Promise<void> {
    const startedMs = clock.now();
    const droppedBefore = dropped;
    const urls = relaysFor(pubkey, replies);
    replies.askedAt = clock.monotonic();
    replies.isAsking = true;
    let isProof = false;
    for (let n = 0; n < PING.tries && urls.length > 0 && !isStopped; n++) {
      const url = urls[n % urls.length] as string;
      const { pongFrom, isTaken } = await pings.send(pubkey, url);
      if (pongFrom !== null) return noteReply(replies, pongFrom);
      isProof ||= isTaken && replies.provenOn.has(url);
    }
    replies.isAsking = false;
    replies.unanswered++;
    // After a sleep of the machine, a pong may still be on its way.
    const hasSlept = clock.now() - startedMs > 2 * PING.tries * PING.waitSeconds * 1000;
    if (!isProof || isStopped || hasSlept || dropped > droppedBefore) return;
    if (await noteSilent(pubkey, startedMs)) replies.silentSinceMs = clock.now();
  }

  function noteReply(replies: Replies, url: string): void {
    replies.provenOn.add(url);
    replies.unanswered = 0;
    replies.isAsking = false;
  }

  const start = (pubkey: Pubkey, replies: Replies): Promise<void> =>
    attempt(pubkey, replies).catch((error) => {
      replies.isAsking = false;
      if (!isStopped) log.error('a peer could not be pinged', { peer: pubkey, reason: String(error) });
    });

  function pingContacts(): void {
    const contacts = store.peek((tables) =>
      tables.peers.list({ trust: 'contact', limit: meshLimits.followed.authors }),
    );
    const due = contacts
      .map((peer) => ({ peer, replies: repliesOf(peer.pubkey) }))
      .filter(({ peer, replies }) => isDue(peer, replies))
      // One that never replied is asked at once: only then does its silence say something.
      .filter(({ peer, replies }) => replies.provenOn.size === 0 || isOverdue(peer))
      .sort((a, b) => a.replies.askedAt - b.replies.askedAt);
    for (const { peer, replies } of due) if (budget.take()) void start(peer.pubkey, replies);
  }

  /** In memory at once; that it may take a while until it is on disk matters to nobody. */
  function noteSign(pubkey: Pubkey, seenMs: UnixMs): void {
    noteAlive(pubkey, seenMs).catch((error) => {
      if (!isStopped)
        log.error('a sign of life could not be stored', { peer: pubkey, reason: String(error) });
    });
  }

  /** A peer that announces itself after we found it silent is there, and may not want to reply. */
  function onSeen({ pubkey, presenceAtSec }: PeerRecord): void {
    const replies = peers.get(pubkey);
    if (!replies || replies.silentSinceMs === null) return;
    if (presenceAtSec * 1000 > replies.silentSinceMs) {
      replies.provenOn.clear();
      replies.askedAt = Number.NEGATIVE_INFINITY;
    }
    replies.silentSinceMs = null;
    replies.unanswered = 0;
  }

  return {
    async ask(pubkey) {
      const peer = store.peek((tables) => tables.peers.get(pubkey));
      // One that announces itself every few minutes is seen to be gone soon enough.
      if (!peer || peer.onlineUntilMs < clock.now() || !isOverdue(peer)) return;
      const replies = repliesOf(pubkey);
      if (isDue(peer, replies) && callers.take())
        await settlesWithin(clock, PING.callerWaitMs, start(pubkey, replies));
    },
    onEvent(event) {
      if (event.type === 'ping.dropped') dropped++;
      if (event.type === 'peer.seen') onSeen(event.peer);
      if (event.type === 'pong.received') {
        const resolve = pings.awaiting(event.peer, event.id);
        if (!resolve) return;
        noteSign(event.peer, clock.now());
        resolve(event.url);
      }
      if (event.type === 'ping.received' && store.peek((tables) => isCorrespondent(tables, event.peer)))
        noteSign(event.peer, event.writtenMs);
    },
    start() {
      cancel = every(clock, PING.checkSeconds * 1000, pingContacts);
    },
    stop() {
      isStopped = true;
      cancel();
      pings.stop();
    },
  };
}

/** Returns how the peer has replied. Contacts, which are looked at all the time, are not forgotten for others. */
function remember(peers: Map<Pubkey, Replies>, pubkey: Pubkey): Replies {
  const replies = peers.get(pubkey) ?? noReplies();
  peers.delete(pubkey);
  peers.set(pubkey, replies);
  if (peers.size > PING.peers) peers.delete(peers.keys().next().value as Pubkey);
  return replies;
}

/** Returns the relays on which the peer reads messages, as far as it says. */
function readRelays({ relayLists }: Tables, pubkey: Pubkey): readonly string[] {
  const dm = relayLists.get(pubkey, kinds.dmRelayList)?.urls ?? [];
  return dm.length > 0 ? dm : (relayLists.get(pubkey, kinds.relayList)?.urls ?? []);
}
