import { type Cancel, type Clock, dayMs, type Log, minuteMs, toUnixSec } from '@ocmesh/shared/ambient';
import { limits, type Pubkey } from '@ocmesh/shared/contract';
import { dialectOf, helloPayload } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OutboxItem } from '../model/outbox.ts';
import type { PeerRecord } from '../model/peer.ts';
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

/** Sends one hello to each key we ever meet. Limited per minute and day: made-up keys cost nothing, hellos do. */
export function createHandshake(
  deps: {
    readonly identity: Identity;
    readonly store: Store;
    readonly clock: Clock;
    readonly log: Log;
    /** Called after a hello is on disk. */
    readonly offer: (items: readonly OutboxItem[]) => void;
  },
  options: { readonly name: string | null },
): Handshake {
  const { identity, store, clock, log } = deps;
  let cancel: Cancel | null = null;
  let stopped = false;

  /** Whether one more hello is within the limits. Counted on disk, so that a restart does not reset them. */
  function isWithinLimits({ greeted }: Tables): boolean {
    const nowMs = clock.now();
    // Hellos dated in the future do not count: a clock that was ahead would block hellos for as long as it was ahead.
    const within = (ms: number): number => greeted.countSince(nowMs - ms + 1) - greeted.countSince(nowMs + 1);
    return within(minuteMs) < meshLimits.hellosPerMinute && within(dayMs) < meshLimits.hellosPerDay;
  }

  const wantsHello = (peer: PeerRecord | null): peer is PeerRecord =>
    peer?.hello === 'none' && peer.trust !== 'blocked';

  /** @returns false if it has to be tried again later */
  async function greet(pubkey: Pubkey): Promise<boolean> {
    const { peer, isGreeted, isLimited } = store.peek((tables) => ({
      peer: tables.peers.get(pubkey),
      isGreeted: tables.greeted.has(pubkey),
      isLimited: !isWithinLimits(tables),
    }));
    if (!wantsHello(peer)) return true;
    if (isGreeted) {
      await store.transaction((tables) => markGreeted(tables, pubkey));
      return true;
    }
    if (isLimited) return false;
    const nowMs = clock.now();
    const dialect = dialectOf(peer);
    const hello = helloPayload({ from: identity.pubkey, tsMs: nowMs, name: options.name }, dialect);
    const item: OutboxItem = {
      event: identity.sealDm(pubkey, hello, toUnixSec(nowMs), dialect.codec).event,
      peer: pubkey,
      purpose: 'hello',
      expiresAtMs: nowMs + limits.message.days * dayMs,
    };
    const isQueued = await store.transaction((tables) => {
      const now = tables.peers.get(pubkey);
      if (!wantsHello(now) || !isWithinLimits(tables)) return false;
      tables.peers.put({ ...now, hello: 'queued' });
      tables.greeted.add(pubkey, nowMs);
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
    cancel ??= clock.after(RETRY_MS, () => {
      cancel = null;
      greetWaiting();
    });
  }

  function greetWaiting(): void {
    const { waiting, isLimited } = store.peek((tables) => ({
      waiting: tables.peers.ungreeted(CONSIDERED).flatMap((pubkey) => tables.peers.get(pubkey) ?? []),
      isLimited: !isWithinLimits(tables),
    }));
    if (waiting.length === 0) return;
    if (isLimited) return retryLater();
    // Keys that have been around for long are the least likely to be made up.
    const inOrder = waiting
      .filter(wantsHello)
      .sort((a, b) => rankOf(a) - rankOf(b) || a.firstSeenMs - b.firstSeenMs);
    for (const { pubkey } of inOrder.slice(0, meshLimits.hellosPerMinute)) greetOrRetry(pubkey);
    if (inOrder.length > meshLimits.hellosPerMinute) retryLater();
  }

  return {
    start: greetWaiting,
    onEvent(event) {
      if (event.type === 'peer.discovered') greetOrRetry(event.peer.pubkey);
    },
    stop() {
      stopped = true;
      cancel?.();
    },
  };
}

/** Peers the owner named come first, then those that greeted us. */
const rankOf = (peer: PeerRecord): number =>
  peer.trust === 'contact' || peer.alias !== null ? 0 : peer.theirHelloAtMs !== null ? 1 : 2;
