import { type Cancel, type Clock, dayMs, type Log, minuteMs, toUnixSec } from '@ocmesh/shared/ambient';
import { limits, type Pubkey } from '@ocmesh/shared/contract';
import { dialectOf, helloPayload } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OutboxItem } from '../model/outbox.ts';
import type { PeerRecord } from '../model/peer.ts';
import type { Store, Tables } from '../ports/store.ts';
import { meshLimits } from './limits.ts';

/** How often those who had to wait are looked at again. */
const AGAIN_MS = 10_000;
/** Of those: whom the owner named, then the last seen, since they are there to hear it. */
const LOOKED_AT = 50;

export interface Handshake {
  /** Greets whoever a crash, or the ration, left ungreeted. */
  start(): void;
  onEvent(event: DomainEvent): void;
  stop(): void;
}

/** One hello for each key that we ever meet, and so many a minute and a day: keys cost nothing, hellos do. */
export function createHandshake(
  deps: {
    identity: Identity;
    store: Store;
    clock: Clock;
    log: Log;
    /** Told after a hello is on disk. */
    offer: (items: readonly OutboxItem[]) => void;
  },
  options: { readonly name: string | null },
): Handshake {
  const { identity, store, clock, log } = deps;
  let cancel: Cancel | null = null;
  let stopped = false;

  /** On disk, so that no restart starts the count anew. */
  function hasRation({ greeted }: Tables): boolean {
    const nowMs = clock.now();
    // Those of a clock that was ahead do not count: they would for as long as it was.
    const within = (ms: number): number => greeted.countSince(nowMs - ms + 1) - greeted.countSince(nowMs + 1);
    return within(minuteMs) < meshLimits.hellosPerMinute && within(dayMs) < meshLimits.hellosPerDay;
  }

  const wantsHello = (peer: PeerRecord | null): peer is PeerRecord =>
    peer?.hello === 'none' && peer.trust !== 'blocked';

  /** @returns whether it need not be tried again */
  async function greet(pubkey: Pubkey): Promise<boolean> {
    const { peer, isGreeted, isRationed } = store.peek((tables) => ({
      peer: tables.peers.get(pubkey),
      isGreeted: tables.greeted.has(pubkey),
      isRationed: !hasRation(tables),
    }));
    if (!wantsHello(peer)) return true;
    if (isGreeted) {
      await store.transaction((tables) => noteGreeted(tables, pubkey));
      return true;
    }
    if (isRationed) return false;
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
      if (!wantsHello(now) || !hasRation(tables)) return false;
      tables.peers.put({ ...now, hello: 'queued' });
      tables.greeted.add(pubkey, nowMs);
      tables.outbox.insert(item);
      return true;
    });
    if (isQueued) deps.offer([item]);
    return isQueued;
  }

  /** Of a peer that was forgotten and met again. */
  function noteGreeted(tables: Tables, pubkey: Pubkey): void {
    const peer = tables.peers.get(pubkey);
    if (wantsHello(peer)) tables.peers.put({ ...peer, hello: 'published' });
  }

  function greetOrWait(pubkey: Pubkey): void {
    greet(pubkey)
      .then((isDone) => {
        if (!isDone) wait();
      })
      .catch((error) => log.error('a hello could not be queued', { peer: pubkey, reason: String(error) }));
  }

  function wait(): void {
    if (stopped) return;
    cancel ??= clock.after(AGAIN_MS, () => {
      cancel = null;
      greetWaiting();
    });
  }

  function greetWaiting(): void {
    const { waiting, isRationed } = store.peek((tables) => ({
      waiting: tables.peers.ungreeted(LOOKED_AT).flatMap((pubkey) => tables.peers.get(pubkey) ?? []),
      isRationed: !hasRation(tables),
    }));
    if (waiting.length === 0) return;
    if (isRationed) return wait();
    // Who is here the longest is the least likely to be made up.
    const inOrder = waiting
      .filter(wantsHello)
      .sort((a, b) => rankOf(a) - rankOf(b) || a.firstSeenMs - b.firstSeenMs);
    for (const { pubkey } of inOrder.slice(0, meshLimits.hellosPerMinute)) greetOrWait(pubkey);
    if (inOrder.length > meshLimits.hellosPerMinute) wait();
  }

  return {
    start: greetWaiting,
    onEvent(event) {
      if (event.type === 'peer.discovered') greetOrWait(event.peer.pubkey);
    },
    stop() {
      stopped = true;
      cancel?.();
    },
  };
}

/** Whom the owner named first, then who greeted us, then the others. */
const rankOf = (peer: PeerRecord): number =>
  peer.trust === 'contact' || peer.alias !== null ? 0 : peer.theirHelloAtMs !== null ? 1 : 2;
