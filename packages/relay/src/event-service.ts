import { type Clock, type Log, toUnixSec } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { isEphemeral, type NostrEvent } from '@ocmesh/shared/wire';
import { type EventDisk, openEventDisk } from './disk/event-disk.ts';
import { createEventPolicy } from './event-policy.ts';
import { createEventStore, type Found } from './event-store.ts';
import type { RelayFilter } from './filter.ts';
import type { RelayLimits } from './limits.ts';
import type { Members } from './members.ts';
import { asksForPrivate, isInvolved } from './privacy.ts';

interface Publication {
  readonly accepted: boolean;
  /** Message of the `OK`. */
  readonly message: string;
  /** The event if subscribers should get it. */
  readonly toBroadcast: NostrEvent | null;
}

/** Accepts events and finds them again, within the rules for all clients. */
export interface EventService {
  /**
   * Accepts an event or refuses it. Reports when it is on disk, if the relay keeps events there, else at once.
   * @param keys keys that the client has proved with AUTH
   */
  publish(value: unknown, keys: ReadonlySet<Pubkey>, done: (publication: Publication) => void): void;
  /** Returns why the client may not subscribe with these filters; null if it may. */
  refuseRead(filters: readonly RelayFilter[], keys: ReadonlySet<Pubkey>): string | null;
  /** Returns the stored events that match and that the client may read. */
  query(filters: readonly RelayFilter[], keys: ReadonlySet<Pubkey>): Found;
  /** Returns how many stored events match that the client may read (NIP-45). */
  count(filters: readonly RelayFilter[], keys: ReadonlySet<Pubkey>): number;
  mayRead(event: NostrEvent, keys: ReadonlySet<Pubkey>): boolean;
  /** Deletes expired events. */
  sweep(): void;
  counts(): EventCounts;
  /** Writes what is waiting for the disk. */
  close(): Promise<void>;
}

export interface EventCounts {
  readonly storedEvents: number;
  readonly storedBytes: number;
  readonly acceptedEvents: number;
  readonly refusedEvents: number;
}

export interface EventServiceDeps {
  readonly clock: Clock;
  readonly limits: RelayLimits;
  readonly members: Members;
  readonly openDms: boolean;
  readonly log: Log;
  /** Folder that keeps events over restarts; null keeps them in memory. */
  readonly data: DataFolder | null;
  /** Checks id and signature of an event; the real check unless given. */
  readonly isAuthentic?: (event: NostrEvent) => boolean;
}

/** A folder that keeps events over restarts. Only one relay may use it. */
export interface DataFolder {
  readonly path: string;
  /** Throws if another process uses the folder now. Called after each write, before it is acknowledged. */
  readonly checkOwnership: () => void;
}

/** Pause between two log lines about a disk that takes no events. */
const LOG_PAUSE_MS = 60_000;

/** Loads the events of the data folder, if there is one. Throws the system's error if it cannot be read. */
export async function createEventService(deps: EventServiceDeps): Promise<EventService> {
  const { clock, limits, members, openDms, log, data } = deps;
  const store = createEventStore(limits);
  const disk = data && openDisk(data);
  const policy = createEventPolicy({ limits, members, isKnown: store.has, isAuthentic: deps.isAuthentic });
  let acceptedEvents = 0;
  let refusedEvents = 0;
  let lastLogMs = Number.NEGATIVE_INFINITY;

  const nowSec = (): number => toUnixSec(clock.now());
  const mayRead = (event: NostrEvent, keys: ReadonlySet<Pubkey>): boolean =>
    openDms || isInvolved(event, keys);

  function openDisk({ path, checkOwnership }: DataFolder): EventDisk {
    const { records, counts } = store;
    const storedBytes = (): number => counts().storedBytes;
    return openEventDisk({
      folder: path,
      limits,
      clock,
      log,
      checkOwnership,
      snapshot: records,
      storedBytes,
    });
  }

  if (disk) {
    await disk.load(store.restore);
    store.sweep(nowSec());
    log.info('loaded the data folder', { events: store.counts().storedEvents });
  }

  function decide(value: unknown, keys: ReadonlySet<Pubkey>, done: (publication: Publication) => void): void {
    const check = policy.check(value, keys, nowSec());
    if (!check.ok) {
      done({ accepted: check.accepted, message: check.message, toBroadcast: null });
      return;
    }
    const { event, bytes } = check;
    if (!disk || isEphemeral(event.kind) || store.judge(event) !== 'new') {
      done(put(event, bytes));
      return;
    }
    // On disk first: what is on no disk must not replace anything, and must not be seen.
    disk.append(event, bytes, (error) => done(error ? refuseForDisk(error) : put(event, bytes)));
  }

  function refuseForDisk(error: unknown): Publication {
    if (clock.monotonic() - lastLogMs >= LOG_PAUSE_MS) {
      lastLogMs = clock.monotonic();
      log.error('could not put events on disk', { error: String(error) });
    }
    return { accepted: false, message: 'error: the relay could not store the event', toBroadcast: null };
  }

  function put(event: NostrEvent, bytes: number): Publication {
    switch (store.put(event, bytes)) {
      case 'new':
        return { accepted: true, message: '', toBroadcast: event };
      case 'duplicate':
        return { accepted: true, message: 'duplicate: already have this event', toBroadcast: null };
      case 'superseded':
        return { accepted: true, message: 'duplicate: have a newer version', toBroadcast: null };
      case 'deleted':
        return { accepted: false, message: 'blocked: deleted by its author', toBroadcast: null };
    }
  }

  return {
    publish(value, keys, done) {
      decide(value, keys, (publication) => {
        if (publication.accepted) acceptedEvents++;
        else refusedEvents++;
        done(publication);
      });
    },
    refuseRead(filters, keys) {
      const reason = members.refuseRead(keys);
      if (reason !== null || openDms || keys.size > 0 || !filters.some(asksForPrivate)) return reason;
      return 'auth-required: direct messages are shown to their author and recipient';
    },
    query: (filters, keys) => store.query(filters, nowSec(), (event) => mayRead(event, keys)),
    count: (filters, keys) => store.count(filters, nowSec(), (event) => mayRead(event, keys)),
    mayRead,
    sweep: () => store.sweep(nowSec()),
    counts: () => ({ ...store.counts(), acceptedEvents, refusedEvents }),
    close: async () => disk?.close(),
  };
}
