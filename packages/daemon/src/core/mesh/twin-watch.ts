import {
  type Clock,
  createTokenBucket,
  type Log,
  type MonotonicMs,
  toUnixSec,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import {
  kinds,
  type NostrEvent,
  type Presence,
  parseEvent,
  readPresence,
  wireLimits,
} from '@ocmesh/shared/wire';
import type { DomainEvent } from '../model/domain-events.ts';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import { meshLimits } from './limits.ts';

/** Notices another daemon that uses our key: a restored backup, or a home that was copied to another machine. */
export interface TwinWatch {
  /** Takes an event by our own key, as a relay sent it. */
  onOwnEvent(raw: unknown, url: string): void;
  /** Returns since when another daemon with our key is online; null if there is none. */
  since(): UnixMs | null;
}

/**
 * A presence by our key that we did not sign, and that is newer than our start, proves a twin. Older ones may be our own:
 * of an earlier run, or of a machine from which the owner moved.
 */
export function createTwinWatch(
  deps: {
    readonly engine: Pick<CryptoEngine, 'verify'>;
    readonly clock: Clock;
    /** The date by which those of others are judged. */
    readonly correctedNow: () => UnixMs;
    readonly log: Log;
    readonly onForged: (url: string) => void;
    readonly emit: (events: readonly DomainEvent[]) => void;
  },
  options: {
    /** The tag `instance` of our own presences. */
    readonly instance: string;
    readonly onlineWindowMs: number;
  },
): TwinWatch {
  const { engine, clock, correctedNow, log } = deps;
  const { burst, perMinute } = meshLimits.ownKeyChecks;
  const checks = createTokenBucket(clock, { burst, perSecond: perMinute / 60 });
  const startedAt = clock.monotonic();
  let twin: { readonly sinceMs: UnixMs; silentAt: MonotonicMs } | null = null;
  let newestSec = 0;

  const isOnline = (): boolean => twin !== null && clock.monotonic() < twin.silentAt;

  /** Whether the date is later than our start, by today's date: the clock may have been set since. */
  function isNew({ created_at }: NostrEvent): boolean {
    const startedSec = toUnixSec(correctedNow() - (clock.monotonic() - startedAt));
    const isPlausible = created_at <= toUnixSec(correctedNow()) + wireLimits.event.futureSeconds;
    return isPlausible && created_at > Math.max(startedSec, newestSec);
  }

  function onTwin({ online, lifetimeSec }: Presence): void {
    if (!online) {
      twin = null;
      return;
    }
    const silentAt = clock.monotonic() + Math.max(options.onlineWindowMs, (lifetimeSec ?? 0) * 1000);
    if (twin && isOnline()) twin.silentAt = silentAt;
    else twin = { sinceMs: clock.now(), silentAt };
  }

  return {
    onOwnEvent(raw, url) {
      const event = parseEvent(raw);
      if (!event || (event.kind !== kinds.presence && event.kind !== kinds.note) || !isNew(event)) return;
      const presence = readPresence(event, toUnixSec(correctedNow()));
      if (!presence || presence.instance === options.instance || !checks.take()) return;
      if (!engine.verify(event)) return deps.onForged(url);
      newestSec = event.created_at;
      onTwin(presence);
      if (presence.online) return;
      log.warn('another daemon with our key went offline: announcing that we are online', { relay: url });
      deps.emit([{ type: 'twin.left', createdAtSec: event.created_at }]);
    },
    since: () => (isOnline() ? (twin?.sinceMs ?? null) : null),
  };
}
