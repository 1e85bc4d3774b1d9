import { type Clock, createTokenBucket, hourMs, type TokenBucket } from '@ocmesh/shared/ambient';
import { isLocalRelay } from '@ocmesh/shared/wire';
import type { PublishOutcome } from '../ports/relay-network.ts';
import { relayLimits } from './limits.ts';

const ration = { burst: relayLimits.write.burst, perSecond: relayLimits.write.perMinute / 60 };

/** How much each relay lets us write. Limits of relays count per address, so what we spend is missing to our neighbours. */
export interface WriteBudget {
  /** Milliseconds until one more event may be written; 0 for now. */
  waitMs(url: string): number;
  /** One event is being written. */
  spend(url: string): void;
  /** A relay's answer: it may ask for a pause, or want nothing of us at all. */
  onOutcome(url: string, outcome: PublishOutcome): void;
  /** It refuses whatever we write: for a day it is asked only where no other relay is left. */
  refusesUs(url: string): boolean;
}

/** Words of a relay that mean the writer, not the event. */
const ofTheWriter: readonly string[] = ['restricted', 'blocked', 'mute'];

export function createWriteBudget(clock: Clock): WriteBudget {
  /** All times by the clock that never jumps. */
  interface Account {
    /** null where nobody shares it with us. */
    readonly tokens: TokenBucket | null;
    pausedUntil: number;
    refusedUntil: number;
  }
  const accounts = new Map<string, Account>();

  function accountOf(url: string): Account {
    const account = accounts.get(url) ?? {
      tokens: isLocalRelay(url) ? null : createTokenBucket(clock, ration),
      pausedUntil: 0,
      refusedUntil: 0,
    };
    accounts.set(url, account);
    return account;
  }

  return {
    waitMs(url) {
      const { tokens, pausedUntil } = accountOf(url);
      return Math.max(tokens?.waitMs() ?? 0, pausedUntil - clock.monotonic(), 0);
    },
    spend: (url) => void accountOf(url).tokens?.take(),
    onOutcome(url, { outcome, prefix, reason }) {
      const account = accountOf(url);
      if (outcome === 'accepted') account.refusedUntil = 0;
      if (outcome !== 'rejected') return;
      if (prefix === 'rate-limited') account.pausedUntil = clock.monotonic() + pauseMs(reason ?? '');
      if (ofTheWriter.includes(prefix ?? '')) {
        account.refusedUntil = clock.monotonic() + relayLimits.write.refusedHours * hourMs;
      }
    },
    refusesUs: (url) => accountOf(url).refusedUntil > clock.monotonic(),
  };
}

/** "rate-limited: retry in 30 s" and the like. */
function pauseMs(words: string): number {
  const [, count, unit] = /\bin (\d{1,5}) ?(s|sec|seconds?|m|min|minutes?)\b/i.exec(words) ?? [];
  const named = Number(count ?? 0) * (unit?.toLowerCase().startsWith('m') ? 60 : 1);
  const seconds =
    named > 0
      ? Math.min(named, relayLimits.write.rateLimitedMaxSeconds)
      : relayLimits.write.rateLimitedSeconds;
  return seconds * 1000;
}
