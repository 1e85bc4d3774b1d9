import { type Clock, type Log, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import type { Profile } from '@ocmesh/shared/contract';
import {
  ANNOUNCEMENTS_PER_LIFETIME,
  kinds,
  type NostrEvent,
  ocmeshVersion,
  ourFeatures,
  type PresenceDraft,
  type PresenceKind,
  presenceEvent,
} from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { Store } from '../ports/store.ts';
import { nextCreatedAtSec } from './created-at.ts';

/** Shortest time in which an offline presence expires: it may still be on its way when we are gone. */
const OFFLINE_LIFETIME_SEC = 60;

export interface AnnounceOptions {
  readonly intervalMs: number;
  readonly onlineWindowMs: number;
  readonly presenceKinds: readonly PresenceKind[];
  /** Differs for each run of a daemon. */
  readonly instance: string;
}

/** How we announce ourselves at the moment. */
interface Announcement {
  /** Longest time until the next one on any relay. */
  readonly intervalMs: number;
  /** On how many of our relays; undefined for all of them. */
  readonly copies: PresenceDraft['copies'];
}

/** Signs our presence, and keeps the newest. */
export interface PresenceSigner {
  /** Returns our presence of this kind; undefined if there is none yet. */
  current(kind: PresenceKind): NostrEvent | undefined;
  /** Whether it is time for a new one. */
  isStale(): boolean;
  /** @param afterSec date of a presence by our key that the new one has to replace */
  renew(announcement: Announcement, afterSec?: number): void;
  /** Signs that we go offline; null if we never said that we are online. */
  offline(): NostrEvent | null;
}

export function createPresenceSigner(
  deps: {
    readonly identity: Identity;
    readonly store: Store;
    readonly clock: Clock;
    readonly log: Log;
    readonly correctedNow: () => UnixMs;
    readonly relayOffsetMs: () => number;
    readonly profile: () => Profile;
  },
  options: AnnounceOptions,
): PresenceSigner {
  const { identity, store, clock, log } = deps;
  let current: {
    readonly events: ReadonlyMap<PresenceKind, NostrEvent>;
    readonly atMs: UnixMs;
    readonly announcement: Announcement;
  } | null = null;

  function nextDateSec(afterSec: number): number {
    const last = Number(store.peek((tables) => tables.meta.get('presence_at_sec')) ?? 0);
    return nextCreatedAtSec(Math.max(last, afterSec), deps.correctedNow(), deps.relayOffsetMs());
  }

  function rememberDate(createdAtSec: number): void {
    store
      .transaction((tables) => tables.meta.set('presence_at_sec', String(createdAtSec)))
      .catch((error) =>
        log.warn('the time of the last presence could not be stored', { reason: String(error) }),
      );
  }

  const lifetimeSec = ({ intervalMs }: Announcement): number => {
    const isRare = intervalMs > options.intervalMs;
    return Math.round(
      Math.max(options.onlineWindowMs, isRare ? ANNOUNCEMENTS_PER_LIFETIME * intervalMs : 0) / 1000,
    );
  };

  function sign(
    draft: Pick<PresenceDraft, 'kind' | 'createdAtSec' | 'lifetimeSec' | 'status' | 'copies'>,
  ): NostrEvent {
    const { name, ...profile } = deps.profile();
    const { instance } = options;
    return identity.sign(
      presenceEvent({
        ...draft,
        version: ocmeshVersion,
        name,
        features: ourFeatures,
        profile,
        handle: identity.pubkey,
        instance,
      }),
    );
  }

  return {
    current: (kind) => current?.events.get(kind),
    isStale: () => !current || clock.now() - current.atMs >= options.intervalMs || clock.now() < current.atMs,
    renew(announcement, afterSec = 0) {
      const createdAtSec = nextDateSec(afterSec);
      const { copies } = announcement;
      const events = options.presenceKinds.map(
        (kind) =>
          [
            kind,
            sign({ kind, createdAtSec, lifetimeSec: lifetimeSec(announcement), status: 'online', copies }),
          ] as const,
      );
      current = { events: new Map(events), atMs: clock.now(), announcement };
      rememberDate(createdAtSec);
    },
    offline() {
      if (!current || !options.presenceKinds.includes(kinds.presence)) return null;
      const createdAtSec = (current.events.get(kinds.presence)?.created_at ?? 0) + 1;
      // It has to live as long as the announcement it replaces, which newcomers may still find as a note. It is dated one
      // second after that announcement, which may be a while ago: so it gets at least a minute from now.
      const leastSec = toUnixSec(deps.correctedNow()) + OFFLINE_LIFETIME_SEC - createdAtSec;
      const lifetime = Math.max(lifetimeSec(current.announcement), leastSec);
      const { copies } = current.announcement;
      const event = sign({
        kind: kinds.presence,
        createdAtSec,
        lifetimeSec: lifetime,
        status: 'offline',
        copies,
      });
      rememberDate(createdAtSec);
      return event;
    },
  };
}
