import {
  type Cancel,
  type Clock,
  type Log,
  type MonotonicMs,
  minuteMs,
  toUnixSec,
} from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type Filter, kinds, type NostrEvent, parseEvent } from '@ocmesh/shared/wire';
import { backDatedMs } from '../identity/back-dated.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { messageKinds } from './fetch-messages.ts';
import { catchUpLimits } from './limits.ts';

const EVERY_MS = catchUpLimits.liveCheckSeconds * 1000;
const SOON_MS = catchUpLimits.liveCheckAfterMissSeconds * 1000;
const MOST_PAUSE_MS = catchUpLimits.liveCheckMostMinutes * minuteMs;
const ELSEWHERE_MS = catchUpLimits.elsewhereSeconds * 1000;
/** Time for the live copy of an event that a query found first, or that another relay sent. */
const GRACE_MS = 5_000;

/**
 * Counts the messages that a relay has and its live subscription did not bring: relays forget subscriptions without a word.
 * Asks for the newest messages every few minutes, or less often where that costs much, and for those that another relay
 * sent live by their ids.
 */
export interface LiveCheck {
  /** The subscription is open: what comes from now on should come live. */
  start(): void;
  stop(): void;
  /** The live subscription brought this event. */
  onLive(eventId: string): void;
  /** The live subscription of another relay brought this event, which is new. */
  onElsewhere(eventId: string): void;
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
  /** Found, and perhaps about to come live. */
  const uncounted: NostrEvent[] = [];
  let cancelCount: Cancel = () => {};
  /** Ids of events that other relays sent, to be asked for. */
  const elsewhere = new Set<string>();
  let askedAt: MonotonicMs = Number.NEGATIVE_INFINITY;
  let cancelAsk: Cancel | null = null;

  function hear(eventId: string): void {
    heard.add(eventId);
    if (heard.size > catchUpLimits.liveCheckIds) heard.delete(heard.values().next().value as string);
  }

  const filters = (): Filter[] =>
    messageKinds.map((kind) => ({
      kinds: [kind],
      '#p': [self],
      since: toUnixSec(clock.now() - backDatedMs(kind) - 2 * EVERY_MS),
      limit: catchUpLimits.liveCheckEvents,
    }));

  async function check(): Promise<void> {
    const { complete, events: raws, bytes } = await network.query(url, filters());
    if (subscribedSec === null) return;
    const pauseMs = everyMs * Math.max(1, bytes / catchUpLimits.liveCheckBytes);
    cancelCheck = clock.after(Math.min(pauseMs, MOST_PAUSE_MS), () => void check());
    const { unheard, unknown } = await take(raws);
    // A gift wrap's date does not tell whether it is new; one that another relay brought may be old here.
    const isNew = (event: NostrEvent): boolean =>
      unknown.includes(event) ||
      (event.kind === kinds.encryptedDm && event.created_at > (subscribedSec ?? 0));
    if (hasBaseline) countLater(unheard.filter(isNew));
    for (const event of unheard) if (!hasBaseline || !isNew(event)) hear(event.id);
    hasBaseline ||= complete;
  }

  /** Stores what no relay has brought. Returns it, and all that this one did not bring live. */
  async function take(raws: readonly unknown[]) {
    const events = raws.flatMap((raw) => parseEvent(raw) ?? []);
    const unheard = events.filter(({ id }) => !heard.has(id));
    const unknown = unheard.filter(({ id }) => !isSeen(id));
    await deps.ingestBackfill(unknown, url);
    return { unheard, unknown };
  }

  const isSeen = (id: string): boolean => store.peek(({ seen }) => seen.has(id));

  /** Asks for what other relays sent: not every sender publishes to all of our relays. */
  async function ask(): Promise<void> {
    cancelAsk = null;
    const ids = [...elsewhere].filter((id) => !heard.has(id));
    elsewhere.clear();
    if (ids.length === 0) return;
    askedAt = clock.monotonic();
    const filter = { ids, kinds: [...messageKinds], '#p': [self], limit: ids.length };
    const { events: raws } = await network.query(url, [filter]);
    if (subscribedSec !== null) countLater((await take(raws)).unheard);
  }

  function countLater(events: readonly NostrEvent[]): void {
    uncounted.push(...events);
    cancelCount();
    if (uncounted.length > 0) cancelCount = clock.after(GRACE_MS, () => count(uncounted.splice(0)));
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
      uncounted.length = 0;
      cancelAsk?.();
      cancelAsk = null;
      elsewhere.clear();
    },
    onElsewhere(eventId) {
      if (!hasBaseline || subscribedSec === null || heard.has(eventId)) return;
      if (elsewhere.size >= catchUpLimits.liveCheckEvents) return;
      elsewhere.add(eventId);
      const pauseMs = Math.max(GRACE_MS, askedAt + ELSEWHERE_MS - clock.monotonic());
      cancelAsk ??= clock.after(pauseMs, () => void ask());
    },
    onLive(eventId) {
      hear(eventId);
      // What comes at the start may be stored events that the relay sends late.
      if (clock.monotonic() - subscribedAt > GRACE_MS) deps.onForwarded(url);
    },
    missed: () => missed,
  };
}
