import {
  type Cancel,
  type Clock,
  every,
  type Log,
  type MonotonicMs,
  settlesWithin,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { Profile } from '@ocmesh/shared/contract';
import { kinds, type PresenceKind } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { RelayInfo, RelayNetwork, RelaySnapshot } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import type { WriteBudget } from '../relays/write-budget.ts';
import { announceIntervalMs, announceRelays } from './announce-plan.ts';
import { meshLimits } from './limits.ts';
import { createPaced } from './paced.ts';
import { type AnnounceOptions, createPresenceSigner } from './sign-presence.ts';

/** How long a stop waits for relays to take the offline presence. */
const OFFLINE_MS = 1_500;
const { burst, perMinute } = meshLimits.profileChanges;
/** Expiration (NIP-40): kind 1 notes go only to relays that delete them again. */
const EXPIRATION_NIP = 40;

export interface Announcer {
  start(): void;
  onConnected(url: string): void;
  onInfo(url: string, info: RelayInfo): void;
  onNotice(url: string): void;
  /** Announces that we are online, after another daemon with our key said with this date that it is not. */
  onTwinLeft(createdAtSec: number): void;
  /** Announces the changed profile at once; many changes in a row, together. */
  onProfileChanged(): void;
  /** Returns those of these relays on which we announce ourselves; the others only read. */
  announcedOn(urls: readonly string[]): readonly string[];
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
    /** Agents on a relay, and in the mesh, as estimated. */
    readonly agentsOn: (url: string) => number;
    readonly meshAgents: () => number;
    /** We announce ourselves on other relays than before. */
    readonly onRelaysChosen: () => void;
  },
  options: AnnounceOptions,
): Announcer {
  const { identity, network, store, clock, log, budget } = deps;
  const signer = createPresenceSigner(deps, options);
  /** When each relay got our presence last. */
  const announcedAt = new Map<string, MonotonicMs>();
  let chosen = '';
  /** Relays that do not want our notes. */
  const noteless = new Set<string>();
  /** When each relay last got a note. */
  const noteAt = new Map<string, MonotonicMs>();
  let cancel: Cancel = () => {};

  const intervalOn = (url: string): number => announceIntervalMs(deps.agentsOn(url), options.intervalMs);
  const relaysOf = (urls: readonly string[]): readonly string[] =>
    announceRelays(identity.pubkey, urls, deps.meshAgents());

  function renew(afterSec?: number): void {
    const open = openRelays().map(({ url }) => url);
    const copies = relaysOf(open).length;
    const intervalMs = Math.max(options.intervalMs, ...open.map(intervalOn));
    signer.renew({ intervalMs, copies: copies < open.length ? [copies, open.length] : undefined }, afterSec);
  }

  async function publish(url: string, kind: PresenceKind): Promise<void> {
    if (signer.isStale()) renew();
    const event = signer.current(kind);
    if (!event) return;
    // Presences are not counted against the write budget, but a relay that refuses all we write gets none while another
    // one is open.
    if (budget.isSpared(url) && openRelays().some((relay) => !budget.refusesUs(relay.url))) return;
    if (kind === kinds.presence) announcedAt.set(url, clock.monotonic());
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
    if (Math.max(online, deps.agentsOn(url)) > meshLimits.notesMaxOnline) return;
    noteAt.set(url, clock.monotonic());
    void publish(url, kinds.note);
  }

  const openRelays = () => network.relays().filter(({ open, role }) => open && role === 'own');

  /** The open relays on which we announce ourselves. */
  function chosenRelays(): RelaySnapshot[] {
    const open = openRelays();
    const urls = relaysOf(open.map(({ url }) => url));
    const now = urls.length < open.length ? [...urls].sort().join() : '';
    if (now !== chosen) {
      chosen = now;
      deps.onRelaysChosen();
    }
    return open.filter(({ url }) => urls.includes(url));
  }

  /** @param afterSec date of a presence by our key that the new one has to replace */
  function announceOn(relays: readonly RelaySnapshot[], afterSec?: number): void {
    if (relays.length > 0) renew(afterSec);
    for (const { url, info } of relays) {
      void publish(url, kinds.presence);
      publishNote(url, info);
    }
  }

  /** Announces us where it is time again; the timer may be a little early. */
  function announceDue(): void {
    const isDue = ({ url }: RelaySnapshot): boolean => {
      const sinceMs = clock.monotonic() - (announcedAt.get(url) ?? Number.NEGATIVE_INFINITY);
      return sinceMs >= intervalOn(url) - options.intervalMs / 2;
    };
    announceOn(chosenRelays().filter(isDue));
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
    for (const { url } of chosenRelays()) publishChange(url);
  }

  const changes = createPaced(clock, { burst, perSecond: perMinute / 60 }, announceChange);

  return {
    start() {
      cancel = every(clock, options.intervalMs, announceDue);
    },
    onConnected(url) {
      if (chosenRelays().some((relay) => relay.url === url)) void publish(url, kinds.presence);
    },
    onInfo: publishNote,
    onNotice(url) {
      const sinceMs = clock.monotonic() - (noteAt.get(url) ?? Number.NEGATIVE_INFINITY);
      if (sinceMs < meshLimits.noteNoticeSeconds * 1000) noteless.add(url);
    },
    onTwinLeft: (createdAtSec) => announceOn(chosenRelays(), createdAtSec),
    onProfileChanged: changes.run,
    announcedOn: relaysOf,
    async stop() {
      cancel();
      changes.cancel();
      for (const cancelOwed of owed.values()) cancelOwed();
      const offline = signer.offline();
      if (!offline) return;
      const published = Promise.all(chosenRelays().map(({ url }) => network.publish(url, offline)));
      // A relay that does not reply must not delay the stop.
      await settlesWithin(clock, OFFLINE_MS, published);
    },
  };
}
