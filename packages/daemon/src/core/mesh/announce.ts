import { type Cancel, type Clock, every, type Log, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
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

const GOODBYE_LEAST_SEC = 60;
const GOODBYE_MS = 1_500;
/** NIP-40: kind 1 notes go only where they vanish again. */
const EXPIRATION_NIP = 40;

export interface AnnounceOptions {
  readonly name: string | null;
  readonly intervalMs: number;
  readonly onlineWindowMs: number;
  readonly presenceKinds: readonly PresenceKind[];
}

export interface Announcer {
  start(): void;
  onConnected(url: string): void;
  onInfo(url: string, info: RelayInfo): void;
  /** Says goodbye, so that peers need not wait for the online window to pass. */
  stop(): Promise<void>;
}

export function createAnnouncer(
  deps: {
    identity: Identity;
    network: RelayNetwork;
    store: Store;
    clock: Clock;
    log: Log;
    budget: WriteBudget;
    relayOffsetMs: () => number;
  },
  options: AnnounceOptions,
): Announcer {
  const { identity, network, store, clock, log, budget } = deps;
  let current: { events: Map<PresenceKind, NostrEvent>; atMs: UnixMs } | null = null;
  let cancel: Cancel = () => {};

  function nextDateSec(): number {
    const last = Number(store.peek((tables) => tables.meta.get('presence_at_sec')) ?? 0);
    return nextCreatedAtSec(last, clock.now(), deps.relayOffsetMs());
  }

  function remember(createdAtSec: number): void {
    store
      .transaction((tables) => tables.meta.set('presence_at_sec', String(createdAtSec)))
      .catch((error) =>
        log.warn('the time of the last presence could not be stored', { reason: String(error) }),
      );
  }

  function renew(): void {
    const createdAtSec = nextDateSec();
    const events = new Map(
      options.presenceKinds.map((kind) => [kind, identity.sign(draft(kind, createdAtSec, 'online'))]),
    );
    current = { events, atMs: clock.now() };
    remember(createdAtSec);
  }

  function draft(kind: PresenceKind, createdAtSec: number, status: 'online' | 'offline') {
    const lifetimeSec = Math.round(options.onlineWindowMs / 1000);
    // As long as the last announcement: who comes later may still find that as a note, and nothing else. Dated right after
    // it, a goodbye may be late.
    const leastSec = toUnixSec(clock.now()) + GOODBYE_LEAST_SEC - createdAtSec;
    return presenceEvent({
      kind,
      createdAtSec,
      lifetimeSec: status === 'online' ? lifetimeSec : Math.max(lifetimeSec, leastSec),
      version: ocmeshVersion,
      name: options.name,
      features: ourFeatures,
      status,
    });
  }

  async function publish(url: string, kind: PresenceKind): Promise<void> {
    if (!current || clock.now() - current.atMs >= options.intervalMs || clock.now() < current.atMs) renew();
    const event = current?.events.get(kind);
    if (!event) return;
    // Its own slot beside the ration of messages; but who wants nothing of us gets nothing.
    if (budget.refusesUs(url)) return;
    const answer = await network.publish(url, event);
    budget.onOutcome(url, answer);
    if (answer.outcome === 'rejected') {
      log.warn('presence refused', { relay: url, kind, reason: answer.reason });
    }
  }

  const forgets = (info: RelayInfo | null): boolean => info?.supportedNips.includes(EXPIRATION_NIP) ?? false;

  function announce(): void {
    renew();
    for (const relay of network.relays()) {
      if (!relay.open || relay.role !== 'own') continue;
      void publish(relay.url, kinds.presence);
      if (forgets(relay.info)) void publish(relay.url, kinds.note);
    }
  }

  return {
    start() {
      cancel = every(clock, options.intervalMs, announce);
    },
    onConnected: (url) => void publish(url, kinds.presence),
    onInfo(url, info) {
      if (forgets(info)) void publish(url, kinds.note);
    },
    async stop() {
      cancel();
      if (!current || !options.presenceKinds.includes(kinds.presence)) return;
      const last = current.events.get(kinds.presence)?.created_at ?? 0;
      const goodbye = identity.sign(draft(kinds.presence, last + 1, 'offline'));
      remember(goodbye.created_at);
      const said = Promise.all(
        network
          .relays()
          .filter((relay) => relay.open && relay.role === 'own')
          .map((relay) => network.publish(relay.url, goodbye)),
      );
      // A relay that does not answer holds up nobody's goodbye.
      await new Promise<void>((resolve) => {
        const cancelPatience = clock.after(GOODBYE_MS, resolve);
        void said.then(() => {
          cancelPatience();
          resolve();
        });
      });
    },
  };
}
