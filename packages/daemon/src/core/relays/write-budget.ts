import {
  type Clock,
  createTokenBucket,
  hourMs,
  type MonotonicMs,
  minuteMs,
  type TokenBucket,
} from '@ocmesh/shared/ambient';
import { isLocalRelay } from '@ocmesh/shared/wire';
import type { PublishOutcome } from '../ports/relay-network.ts';
import { ownRelayLimits } from './limits.ts';

const SHORTEST_MS = ownRelayLimits.write.refusedMinutes * minuteMs;
const LONGEST_MS = ownRelayLimits.write.refusedHours * hourMs;
const rate = { burst: ownRelayLimits.write.burst, perSecond: ownRelayLimits.write.perMinute / 60 };

/** How much we write to each relay. Relays count per IP address, so everything we write is taken from our neighbours. */
export interface WriteBudget {
  /** Returns the milliseconds until one more event may be written; 0 if it may be written now. */
  waitMs(url: string): number;
  /** Counts one event that is being written. */
  spend(url: string): void;
  /** Takes note of an outcome: a relay may ask for a pause, or refuse everything we write. */
  onOutcome(url: string, outcome: PublishOutcome): void;
  /** Whether it refuses everything we write: it said so less than a day ago, and has accepted nothing since. */
  refusesUs(url: string): boolean;
  /** Whether it refuses everything we write and is not tried again yet, unless no other relay is left. */
  isSpared(url: string): boolean;
  /** Calls the listener when a relay begins or ceases to refuse everything, except when time has passed. */
  onStanding(listener: () => void): void;
}

/** Reason prefixes that refuse the writer, not the event. */
const writerPrefixes: readonly string[] = ['restricted', 'blocked', 'mute'];

/** Whether the relay refused us, not the event: it may accept the same event later. */
export const refusesWriter = ({
  outcome,
  prefix,
}: Pick<PublishOutcome, 'prefix'> & { readonly outcome: string }): boolean =>
  outcome === 'rejected' && writerPrefixes.includes(prefix ?? '');

export function createWriteBudget(clock: Clock): WriteBudget {
  interface Account {
    /** null for a local relay, which we share with nobody. */
    readonly tokens: TokenBucket | null;
    pausedUntil: MonotonicMs;
    refusedUntil: MonotonicMs;
    sparedUntil: MonotonicMs;
    /** When we last began to spare it, and for how long. */
    sparedAt: MonotonicMs;
    sparedMs: number;
  }
  const accounts = new Map<string, Account>();
  const listeners: (() => void)[] = [];

  function accountOf(url: string): Account {
    const account = accounts.get(url) ?? {
      tokens: isLocalRelay(url) ? null : createTokenBucket(clock, rate),
      pausedUntil: 0,
      refusedUntil: 0,
      sparedUntil: 0,
      sparedAt: Number.NEGATIVE_INFINITY,
      sparedMs: 0,
    };
    accounts.set(url, account);
    return account;
  }

  const refusesUs = (url: string): boolean => accountOf(url).refusedUntil > clock.monotonic();

  /** Spares the relay for a while: longer each time, if it refuses again soon after we tried it again. */
  function spare(account: Account): void {
    const now = clock.monotonic();
    account.refusedUntil = now + LONGEST_MS;
    if (account.sparedUntil > now) return;
    const isSoon = now - account.sparedAt < 3 * account.sparedMs;
    account.sparedMs = isSoon ? Math.min(2 * account.sparedMs, LONGEST_MS) : SHORTEST_MS;
    account.sparedAt = now;
    account.sparedUntil = now + account.sparedMs;
  }

  return {
    waitMs(url) {
      const { tokens, pausedUntil } = accountOf(url);
      return Math.max(tokens?.waitMs() ?? 0, pausedUntil - clock.monotonic(), 0);
    },
    spend: (url) => void accountOf(url).tokens?.take(),
    onOutcome(url, published) {
      const { outcome, prefix, reason } = published;
      const account = accountOf(url);
      const refusedBefore = refusesUs(url);
      if (outcome === 'accepted') account.refusedUntil = account.sparedUntil = 0;
      if (outcome === 'rejected' && prefix === 'rate-limited') {
        account.pausedUntil = clock.monotonic() + pauseMs(reason ?? '');
      }
      if (refusesWriter(published)) spare(account);
      if (refusesUs(url) !== refusedBefore) for (const listener of listeners) listener();
    },
    refusesUs,
    isSpared: (url) => accountOf(url).sparedUntil > clock.monotonic(),
    onStanding: (listener) => void listeners.push(listener),
  };
}

/** Reads the pause from reasons such as "rate-limited: retry in 30 s". */
function pauseMs(reason: string): number {
  const [, count, unit] = /\bin (\d{1,5}) ?(s|sec|seconds?|m|min|minutes?)\b/i.exec(reason) ?? [];
  const named = Number(count ?? 0) * (unit?.toLowerCase().startsWith('m') ? 60 : 1);
  const seconds =
    named > 0
      ? Math.min(named, ownRelayLimits.write.rateLimitedMaxSeconds)
      : ownRelayLimits.write.rateLimitedSeconds;
  return seconds * 1000;
}
