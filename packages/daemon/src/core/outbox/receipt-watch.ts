import { type Cancel, type Clock, type MonotonicMs, minuteMs, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { Entry } from './entry.ts';
import { repeatDelayMs } from './retry-delay.ts';
import { type AwaitBounds, createWaits, newWait, type Wait } from './waits.ts';

/** Time for the receipts of a peer that comes online and fetches its messages, or confirms several of them. */
const RECEIPTS_MS = 5_000;
/** Longest pause before a message is offered to a peer that shows itself: it must not wait for hours then. */
const MAX_SHOWN_MS = 30 * minuteMs;
/** Silences after which only relays are asked that were not asked before; then all of them get a new event. */
const SILENCES_FOR_NEW = 2;
/** Timers of many messages that were published in the same second run together. */
const ROUND_MS = 1_000;

/** Relays to which a message is offered again. */
export type RepeatTo = 'all' | readonly string[];

/** Offers published messages again while the peer's receipt is missing: a relay may have lost or dropped them. */
export interface ReceiptWatch {
  /** @param published when a relay accepted it in an earlier run of the daemon */
  add(entry: Entry, published?: MonotonicMs): void;
  remove(entry: Entry): void;
  /** The relay reconnected: a restart may have cost it what it accepted before. */
  onConnected(url: string): void;
  /** Relays that the messages skipped may accept them now. */
  onStanding(isSpared: (url: string) => boolean): void;
  /** The peer came online or sent a hello. */
  onShown(peer: Pubkey): void;
  /** The peer confirmed this entry, and so should have earlier ones. */
  onConfirmed(entry: Entry): void;
  /** Returns when the entry is offered again; null if it is not planned. */
  nextRepeatAtMs(entry: Entry): UnixMs | null;
  stop(): void;
}

export function createReceiptWatch(deps: {
  readonly clock: Clock;
  readonly isOnline: (peer: Pubkey) => boolean;
  readonly bounds: AwaitBounds;
  /** @param isNewEvent whether to re-sign the message, so that a peer that has it confirms it again */
  readonly repeat: (entry: Entry, to: RepeatTo, isNewEvent: boolean) => void;
  /** The peers are online, but have not confirmed these entries. Called before they are offered again. */
  readonly onSilent: (entries: readonly Entry[]) => void;
  /** Offers the entry to relays that were not asked before. */
  readonly askNew: (entry: Entry) => void;
  /** Gives up waiting for the receipt. */
  readonly release: (entry: Entry) => void;
}): ReceiptWatch {
  const { clock, isOnline } = deps;
  const waits = createWaits<Wait>(deps.bounds, deps.release);
  let timer: { readonly cancel: Cancel; readonly at: MonotonicMs } | null = null;

  function plan(wait: Wait, at: MonotonicMs): void {
    wait.dueAt = Math.min(wait.dueAt ?? at, at);
    arm(wait.dueAt);
  }

  function arm(at: MonotonicMs): void {
    if (timer && timer.at <= at) return;
    timer?.cancel();
    timer = { at, cancel: clock.after(Math.max(0, at - clock.monotonic()), run) };
  }

  function watchSilence(wait: Wait): void {
    const at = clock.monotonic() + repeatDelayMs(wait.silences);
    wait.silentAt = isOnline(wait.entry.peer) ? Math.ceil(at / ROUND_MS) * ROUND_MS : null;
    if (wait.silentAt !== null) arm(wait.silentAt);
  }

  function run(): void {
    timer = null;
    const now = clock.monotonic();
    const overdue = waits.all().filter(({ silentAt }) => silentAt !== null && silentAt <= now);
    const silent = overdue.filter((wait) => isOnline(wait.entry.peer));
    for (const wait of overdue) wait.silentAt = null;
    if (silent.length > 0) deps.onSilent(silent.map(({ entry }) => entry));
    for (const wait of silent) {
      wait.silences++;
      if (wait.silences > SILENCES_FOR_NEW) repeat(wait, 'all', true);
      else askNew(wait);
    }
    // What was just offered to all relays is not due any more.
    const due = waits.all().filter(({ dueAt }) => dueAt !== null && dueAt <= now);
    for (const wait of due) {
      if (wait.toAll) repeat(wait, 'all', wait.wasToAll);
      else repeat(wait, [...wait.relays], false);
    }
    let next = Number.POSITIVE_INFINITY;
    for (const { dueAt, silentAt } of waits.all()) next = Math.min(next, dueAt ?? next, silentAt ?? next);
    if (next < Number.POSITIVE_INFINITY) arm(next);
  }

  function askNew(wait: Wait): void {
    watchSilence(wait);
    deps.askNew(wait.entry);
  }

  function repeat(wait: Wait, to: RepeatTo, isNewEvent: boolean): void {
    wait.repeats++;
    wait.lastAt = clock.monotonic();
    wait.dueAt = null;
    wait.relays.clear();
    wait.toAll = false;
    wait.wasToAll ||= to === 'all';
    // A relay that reconnects now and then must not put off what all the others get.
    if (to === 'all' || wait.silentAt === null) watchSilence(wait);
    deps.repeat(wait.entry, to, isNewEvent);
  }

  /** When the next repeat may be: at once for the first one, then after growing pauses. */
  const allowedAt = ({ repeats, lastAt }: Wait, maxMs = Number.POSITIVE_INFINITY): MonotonicMs =>
    Math.max(clock.monotonic(), repeats === 0 ? 0 : lastAt + Math.min(repeatDelayMs(repeats - 1), maxMs));

  function planForRelay(wait: Wait, url: string): void {
    wait.relays.add(url);
    plan(wait, allowedAt(wait));
  }

  function planForAll(wait: Wait): void {
    wait.toAll = true;
    plan(wait, Math.max(clock.monotonic() + RECEIPTS_MS, allowedAt(wait, MAX_SHOWN_MS)));
  }

  return {
    add(entry, published) {
      if (waits.of(entry)) return;
      // An earlier run counts as an offer, so that restarts of the daemon repeat no more than once.
      const wait = newWait(entry, published === undefined ? 0 : 1, published ?? clock.monotonic());
      watchSilence(wait);
      waits.add(wait);
    },
    remove: waits.remove,
    onConnected(url) {
      for (const wait of waits.all()) if (wait.entry.acceptedBy.has(url)) planForRelay(wait, url);
    },
    onStanding(isSpared) {
      for (const wait of waits.all()) {
        for (const url of wait.entry.skipped) {
          if (!isSpared(url) && wait.entry.skipped.delete(url)) planForRelay(wait, url);
        }
      }
    },
    onShown(peer) {
      for (const wait of waits.ofPeer(peer)) planForAll(wait);
    },
    onConfirmed(entry) {
      for (const wait of waits.ofPeer(entry.peer)) if (wait.entry.order < entry.order) planForAll(wait);
    },
    nextRepeatAtMs(entry) {
      const { dueAt = null, silentAt = null, silences = 0 } = waits.of(entry) ?? {};
      // There need not be relays that were not asked.
      const times = [dueAt, silences < SILENCES_FOR_NEW ? null : silentAt].filter((at) => at !== null);
      if (times.length === 0) return null;
      return Math.round(clock.now() + Math.max(0, Math.min(...times) - clock.monotonic()));
    },
    stop() {
      timer?.cancel();
    },
  };
}
