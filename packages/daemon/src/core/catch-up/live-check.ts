import { type Cancel, type Clock, type Log, type MonotonicMs, toUnixSec } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type Filter, kinds, type NostrEvent, parseEvent } from '@ocmesh/shared/wire';
import { backDatedMs } from '../identity/back-dated.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { catchUpLimits } from './limits.ts';

const EVERY_MS = catchUpLimits.liveCheckSeconds * 1000;
const SOON_MS = catchUpLimits.liveCheckAfterMissSeconds * 1000;
/** Time for the live copy of an event that a query found first. */
const GRACE_MS = 5_000;

/**
 * Asks a relay for its newest messages every few minutes, and counts those that the live subscription should have
 * brought: relays forget subscriptions without a word.
 */
export interface LiveCheck {
  /** The subscription is open: what comes from now on should come live. */
  start(): void;
  stop(): void;
  /** The live subscription brought this event. */
  onLive(eventId: string): void;
  /** Returns how many messages should have come live and did not, since the daemon started. */
  missed(): number;
}

export function createLiveCheck(
  url: string,
  deps: {
    readonly self: Pubkey;
    readonly network: Pick<RelayNetwork, 'query'>;
    readonly store: Store;
    readonly clock: Clock;
    readonly log: Log;
    readonly ingestBackfill: (raws: readonly unknown[], url: string) => Promise<void>;
    readonly onForwarded: (url: string) => void;
    readonly onMissed: (url: string, messages: number) => void;
  },
): LiveCheck {
  const { self, network, store, clock, log } = deps;
  /** Ids of events that came live, or were found before. */
  const heard = new Set<string>();
  /** Events found by the first query of a connection may be older than the subscription. */
  let subscribedSec: number | null = null;
  let subscribedAt: MonotonicMs = Number.POSITIVE_INFINITY;
  let hasBaseline = false;
  let everyMs = EVERY_MS;
  let missed = 0;
  let cancelCheck: Cancel = () => {};
  let cancelCount: Cancel = () => {};

  function hear(eventId: string): void {
    heard.add(eventId);
    if (heard.size > catchUpLimits.liveCheckIds) heard.delete(heard.values().next().value as string);
  }

  const filters = (): Filter[] =>
    [kinds.encryptedDm, kinds.giftWrap].map((kind) => ({
      kinds: [kind],
      '#p': [self],
      since: toUnixSec(clock.now() - backDatedMs(kind) - 2 * EVERY_MS),
      limit: catchUpLimits.liveCheckEvents,
    }));

  async function check(): Promise<void> {
    const { complete, events: raws } = await network.query(url, filters());
    if (subscribedSec === null) return;
    cancelCheck = clock.after(everyMs, () => void check());
    const events = raws.flatMap((raw) => parseEvent(raw) ?? []);
    const unheard = events.filter(({ id }) => !heard.has(id));
    const unknown = unheard.filter(({ id }) => !store.peek((tables) => tables.seen.has(id)));
    await deps.ingestBackfill(unknown, url);
    // A gift wrap's date does not tell whether it is new; one that another relay brought may be old here.
    const isNew = (event: NostrEvent): boolean =>
      unknown.includes(event) ||
      (event.kind === kinds.encryptedDm && event.created_at > (subscribedSec ?? 0));
    if (hasBaseline) cancelCount = clock.after(GRACE_MS, () => count(unheard.filter(isNew)));
    for (const event of unheard) if (!hasBaseline || !isNew(event)) hear(event.id);
    hasBaseline ||= complete;
  }

  function count(events: readonly NostrEvent[]): void {
    const late = events.filter(({ id }) => !heard.has(id));
    for (const { id } of late) hear(id);
    if (late.length === 0) return;
    missed += late.length;
    deps.onMissed(url, late.length);
    everyMs = SOON_MS;
    log.warn('relay did not send new messages by itself', { relay: url, messages: late.length });
  }

  return {
    start() {
      cancelCheck();
      subscribedSec = toUnixSec(clock.now());
      subscribedAt = clock.monotonic();
      hasBaseline = false;
      everyMs = EVERY_MS;
      cancelCheck = clock.after(GRACE_MS, () => void check());
    },
    stop() {
      subscribedSec = null;
      subscribedAt = Number.POSITIVE_INFINITY;
      cancelCheck();
      cancelCount();
    },
    onLive(eventId) {
      hear(eventId);
      // What comes at the start may be stored events that the relay sends late.
      if (clock.monotonic() - subscribedAt > GRACE_MS) deps.onForwarded(url);
    },
    missed: () => missed,
  };
}
