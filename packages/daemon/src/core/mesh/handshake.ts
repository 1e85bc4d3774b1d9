import {
  type Cancel,
  type Clock,
  type ConfirmedMs,
  dayMs,
  type Log,
  minuteMs,
  toUnixSec,
} from '@ocmesh/shared/ambient';
import { limits, type Profile, type Pubkey } from '@ocmesh/shared/contract';
import { dialectOf, helloPayload } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OutboxItem } from '../model/outbox.ts';
import { isAgent, type PeerRecord } from '../model/peer.ts';
import type { Store, Tables } from '../ports/store.ts';
import { meshLimits } from './limits.ts';

/** Pause before peers that had to wait are greeted. */
const RETRY_MS = 10_000;
/** Waiting peers considered at a time: named ones first, then the last seen, as they are likely to be online. */
const CONSIDERED = 50;

export interface Handshake {
  /** Greets peers that a crash or the limits left without a hello. */
  start(): void;
  onEvent(event: DomainEvent): void;
  stop(): void;
}

/**
 * Sends one hello to each agent we ever meet, and none to people: their clients would show the JSON. Limited per minute and day: made-up keys cost nothing, hellos do. Peers that
 * the owner named and peers that greeted us come first, and keep a part of the daily limit for themselves.
 */
export function createHandshake(deps: {
  readonly identity: Identity;
  readonly store: Store;
  readonly clock: Clock;
  /** Time that no jump of the clock moves: it must not reset the limits. */
  readonly confirmedNow: () => ConfirmedMs;
  readonly log: Log;
  /** Called after a hello is on disk. */
  readonly offer: (items: readonly OutboxItem[]) => void;
  readonly profile: () => Profile;
}): Handshake {
  const { identity, store, clock, log } = deps;
  let cancel: Cancel | null = null;
  let stopped = false;

  /** Whether a hello to this peer is within the limits. Counted on disk, so that a restart does not reset them. */
  function isWithinLimits({ greeted }: Tables, peer: PeerRecord): boolean {
    const nowMs = deps.confirmedNow();
    // Hellos dated in the future, by an older version whose clock was ahead, do not count.
    const within = (ms: number): number => greeted.countSince(nowMs - ms + 1) - greeted.countSince(nowMs + 1);
    if (within(minuteMs) >= meshLimits.hellosPerMinute) return false;
    const today = within(dayMs);
    const rank = rankOf(peer);
    if (rank === 'named') return today < meshLimits.hellosPerDay;
    if (today >= meshLimits.hellosPerDay - meshLimits.namedHellosPerDay) return false;
    if (rank === 'greeted_us') return true;
    const unreplied = greeted.countUnrepliedSince(nowMs - dayMs + 1) - greeted.countUnrepliedSince(nowMs + 1);
    return unreplied < meshLimits.unrepliedHellosPerDay;
  }

  /** Whether a peer of a better rank waits for its hello. */
  function isBehindOthers({ peers }: Tables, peer: PeerRecord): boolean {
    const [first] = peers.ungreeted(1).flatMap((pubkey) => peers.get(pubkey) ?? []);
    return first !== undefined && ranks.indexOf(rankOf(first)) < ranks.indexOf(rankOf(peer));
  }

  const wantsHello = (peer: PeerRecord | null): peer is PeerRecord =>
    peer?.hello === 'none' && peer.trust !== 'blocked' && isAgent(peer);

  /** @returns false if it has to be tried again later */
  async function greet(pubkey: Pubkey): Promise<boolean> {
    const peer = store.peek((tables) => tables.peers.get(pubkey));
    if (!wantsHello(peer)) return true;
    if (store.peek((tables) => tables.greeted.has(pubkey))) {
      await store.transaction((tables) => markGreeted(tables, pubkey));
      return true;
    }
    if (store.peek((tables) => isBehindOthers(tables, peer) || !isWithinLimits(tables, peer))) return false;
    const nowMs = clock.now();
    const confirmedMs = deps.confirmedNow();
    const dialect = dialectOf(peer);
    const hello = helloPayload({ from: identity.pubkey, tsMs: nowMs, ...deps.profile() }, dialect);
    const item: OutboxItem = {
      event: identity.sealDm(pubkey, hello, toUnixSec(nowMs), dialect.codec).event,
      peer: pubkey,
      purpose: 'hello',
      payload: hello,
      createdAtMs: confirmedMs,
      expiresAtMs: confirmedMs + limits.message.days * dayMs,
    };
    const isQueued = await store.transaction((tables) => {
      const now = tables.peers.get(pubkey);
      if (!wantsHello(now) || !isWithinLimits(tables, now)) return false;
      tables.peers.put({ ...now, hello: 'queued' });
      tables.greeted.add(pubkey, confirmedMs);
      tables.outbox.insert(item);
      return true;
    });
    if (isQueued) deps.offer([item]);
    return isQueued;
  }

  /** Marks a peer that was greeted, forgotten, and discovered again. */
  function markGreeted(tables: Tables, pubkey: Pubkey): void {
    const peer = tables.peers.get(pubkey);
    if (wantsHello(peer)) tables.peers.put({ ...peer, hello: 'published' });
  }

  function greetOrRetry(pubkey: Pubkey): void {
    greet(pubkey)
      .then((isDone) => {
        if (!isDone) retryLater();
      })
      .catch((error) => log.error('a hello could not be queued', { peer: pubkey, reason: String(error) }));
  }

  function retryLater(): void {
    if (stopped) return;
    cancel ??= clock.after(
      RETRY_MS,
      () => {
        cancel = null;
        greetWaiting();
      },
      RETRY_MS,
    );
  }

  function greetWaiting(): void {
    const { waiting, allowed } = store.peek((tables) => {
      const peers = tables.peers.ungreeted(CONSIDERED).flatMap((pubkey) => tables.peers.get(pubkey) ?? []);
      return { waiting: peers, allowed: peers.filter((peer) => isWithinLimits(tables, peer)) };
    });
    if (waiting.length === 0) return;
    // Keys that have been around for long are the least likely to be made up.
    const inOrder = allowed.sort(
      (a, b) => ranks.indexOf(rankOf(a)) - ranks.indexOf(rankOf(b)) || a.firstSeenMs - b.firstSeenMs,
    );
    for (const { pubkey } of inOrder.slice(0, meshLimits.hellosPerMinute)) greetOrRetry(pubkey);
    if (waiting.length > Math.min(allowed.length, meshLimits.hellosPerMinute)) retryLater();
  }

  return {
    start: greetWaiting,
    onEvent(event) {
      if (event.type !== 'peer.discovered' && event.type !== 'peer.seen') return;
      // While others wait, the timer finds it: a scan may bring thousands at once.
      if (cancel && rankOf(event.peer) === 'found') return;
      // A peer that was seen may have shown only now that it is an agent.
      if (event.type === 'peer.discovered' || (!cancel && wantsHello(event.peer)))
        greetOrRetry(event.peer.pubkey);
    },
    stop() {
      stopped = true;
      cancel?.();
    },
  };
}

/** Order in which peers are greeted. */
const ranks = ['named', 'greeted_us', 'found'] as const;

function rankOf(peer: PeerRecord): (typeof ranks)[number] {
  if (peer.trust === 'contact' || peer.alias !== null) return 'named';
  return peer.theirHelloAtMs === null ? 'found' : 'greeted_us';
}
