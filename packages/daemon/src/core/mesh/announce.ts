import {
  type Cancel,
  type Clock,
  every,
  type Log,
  type MonotonicMs,
  settlesWithin,
  toUnixSec,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { Profile } from '@ocmesh/shared/contract';
import {
  kinds,
  type NostrEvent,
  ocmeshVersion,
  ourFeatures,
  type PresenceKind,
  presenceEvent,
} from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { RelayInfo, RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import type { WriteBudget } from '../relays/write-budget.ts';
import { nextCreatedAtSec } from './created-at.ts';
import { meshLimits } from './limits.ts';
import { createPaced } from './paced.ts';

/** Shortest time in which an offline presence expires: it may still be on its way when we are gone. */
const OFFLINE_LIFETIME_SEC = 60;
/** How long a stop waits for relays to take the offline presence. */
const OFFLINE_MS = 1_500;
const { burst, perMinute } = meshLimits.profileChanges;
/** Expiration (NIP-40): kind 1 notes go only to relays that delete them again. */
const EXPIRATION_NIP = 40;

export interface AnnounceOptions {
  readonly intervalMs: number;
  readonly onlineWindowMs: number;
  readonly presenceKinds: readonly PresenceKind[];
  /** Differs for each run of a daemon. */
  readonly instance: string;
}

export interface Announcer {
  start(): void;
  onConnected(url: string): void;
  onInfo(url: string, info: RelayInfo): void;
  onNotice(url: string): void;
  /** Announces that we are online, after another daemon with our key said with this date that it is not. */
  onTwinLeft(createdAtSec: number): void;
  /** Announces the changed profile at once; many changes in a row, together. */
  onProfileChanged(): void;
  /** Publishes the offline presence, so that peers need not wait until the online window is over. */
  stop(): Promise<void>;
}

/**
 * Publishes our presence: regularly, and to each relay as soon as it is connected. Kind 1 notes show up in feeds that
 * people read, so they go only where they are welcome and needed (docs/wire.md).
 */
export function createAnnouncer(
  deps: {
    readonly identity: Identity;
    readonly network: RelayNetwork;
    readonly store: Store;
    readonly clock: Clock;
    readonly log: Log;
    readonly budget: WriteBudget;
    /** The date to sign events with: that of the relays while our clock is wrong. */
    readonly correctedNow: () => UnixMs;
    /** How far the relays' clocks are ahead of that. */
    readonly relayOffsetMs: () => number;
    readonly profile: () => Profile;
  },
  options: AnnounceOptions,
): Announcer {
  const { identity, network, store, clock, log, budget } = deps;
  let current: { events: Map<PresenceKind, NostrEvent>; atMs: UnixMs } | null = null;
  /** Relays that do not want our notes. */
  const noteless = new Set<string>();
  /** When each relay last got a note. */
  const noteAt = new Map<string, MonotonicMs>();
  let cancel: Cancel = () => {};

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

  /** @param afterSec date of a presence by our key that the new one has to replace */
  function renew(afterSec = 0): void {
    const createdAtSec = nextDateSec(afterSec);
    const events = new Map(
      options.presenceKinds.map((kind) => [kind, identity.sign(draft(kind, createdAtSec, 'online'))]),
    );
    current = { events, atMs: clock.now() };
    rememberDate(createdAtSec);
  }

  function draft(kind: PresenceKind, createdAtSec: number, status: 'online' | 'offline') {
    const lifetimeSec = Math.round(options.onlineWindowMs / 1000);
    // An offline presence has to live as long as the announcement it replaces, which newcomers may still find as a note. It
    // is dated one second after that announcement, which may be a while ago: so it gets at least a minute from now.
    const leastSec = toUnixSec(deps.correctedNow()) + OFFLINE_LIFETIME_SEC - createdAtSec;
    const { name, ...profile } = deps.profile();
    return presenceEvent({
      kind,
      createdAtSec,
      lifetimeSec: status === 'online' ? lifetimeSec : Math.max(lifetimeSec, leastSec),
      version: ocmeshVersion,
      name,
      features: ourFeatures,
      profile,
      status,
      instance: options.instance,
    });
  }

  async function publish(url: string, kind: PresenceKind): Promise<void> {
    if (!current || clock.now() - current.atMs >= options.intervalMs || clock.now() < current.atMs) renew();
    const event = current?.events.get(kind);
    if (!event) return;
    // Presences are not counted against the write budget, but a relay that refuses all we write gets none while another
    // one is open.
    if (budget.isSpared(url) && openRelays().some((relay) => !budget.refusesUs(relay.url))) return;
    const result = await network.publish(url, event);
    budget.onOutcome(url, result);
    if (result.outcome === 'rejected') {
      if (kind === kinds.note) noteless.add(url);
      log.warn('presence refused', { relay: url, kind, reason: result.reason });
    }
  }

  function publishNote(url: string, info: RelayInfo | null): void {
    if (!options.presenceKinds.includes(kinds.note) || noteless.has(url)) return;
    if (!info?.supportedNips.includes(EXPIRATION_NIP)) return;
    const online = store.peek((tables) => tables.peers.countOnline(clock.now(), options.onlineWindowMs));
    if (online > meshLimits.notesMaxOnline) return;
    noteAt.set(url, clock.monotonic());
    void publish(url, kinds.note);
  }

  const openRelays = () => network.relays().filter(({ open, role }) => open && role === 'own');

  function announce(afterSec?: number): void {
    renew(afterSec);
    for (const { url, info } of openRelays()) {
      void publish(url, kinds.presence);
      publishNote(url, info);
    }
  }

  /** Relays that get the changed presence once our write budget for them allows it. */
  const owed = new Map<string, Cancel>();

  /** Counted against the write budget, unlike regular announcements: how often a profile changes is up to its owner. */
  function publishChange(url: string): void {
    owed.get(url)?.();
    owed.delete(url);
    const waitMs = budget.waitMs(url);
    if (waitMs > 0) {
      owed.set(
        url,
        clock.after(waitMs, () => publishChange(url)),
      );
      return;
    }
    budget.spend(url);
    void publish(url, kinds.presence);
  }

  /** Notes show up in feeds that people read: they follow with the next regular announcement. */
  function announceChange(): void {
    renew();
    for (const { url } of openRelays()) publishChange(url);
  }

  const changes = createPaced(clock, { burst, perSecond: perMinute / 60 }, announceChange);

  return {
    start() {
      cancel = every(clock, options.intervalMs, () => announce());
    },
    onConnected: (url) => void publish(url, kinds.presence),
    onInfo: publishNote,
    onNotice(url) {
      const sinceMs = clock.monotonic() - (noteAt.get(url) ?? Number.NEGATIVE_INFINITY);
      if (sinceMs < meshLimits.noteNoticeSeconds * 1000) noteless.add(url);
    },
    onTwinLeft: announce,
    onProfileChanged: changes.run,
    async stop() {
      cancel();
      changes.cancel();
      for (const cancelOwed of owed.values()) cancelOwed();
      if (!current || !options.presenceKinds.includes(kinds.presence)) return;
      const last = current.events.get(kinds.presence)?.created_at ?? 0;
      const offline = identity.sign(draft(kinds.presence, last + 1, 'offline'));
      rememberDate(offline.created_at);
      const published = Promise.all(openRelays().map(({ url }) => network.publish(url, offline)));
      // A relay that does not reply must not delay the stop.
      await settlesWithin(clock, OFFLINE_MS, published);
    },
  };
}
