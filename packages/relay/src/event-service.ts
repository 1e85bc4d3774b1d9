import { type Clock, toUnixSec } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { createEventPolicy } from './event-policy.ts';
import { createEventStore } from './event-store.ts';
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
  /** @param keys keys that the client has proved with AUTH */
  publish(value: unknown, keys: ReadonlySet<Pubkey>): Publication;
  /** Returns why the client may not subscribe with these filters; null if it may. */
  refuseRead(filters: readonly RelayFilter[], keys: ReadonlySet<Pubkey>): string | null;
  /** Returns the stored events that match and that the client may read. */
  query(filters: readonly RelayFilter[], keys: ReadonlySet<Pubkey>): NostrEvent[];
  mayRead(event: NostrEvent, keys: ReadonlySet<Pubkey>): boolean;
  /** Deletes expired events. */
  sweep(): void;
  counts(): EventCounts;
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
}

export function createEventService({ clock, limits, members, openDms }: EventServiceDeps): EventService {
  const store = createEventStore(limits);
  const policy = createEventPolicy({ limits, members, isKnown: store.has });
  let acceptedEvents = 0;
  let refusedEvents = 0;

  const nowSec = (): number => toUnixSec(clock.now());
  const mayRead = (event: NostrEvent, keys: ReadonlySet<Pubkey>): boolean =>
    openDms || isInvolved(event, keys);

  function decide(value: unknown, keys: ReadonlySet<Pubkey>): Publication {
    const check = policy.check(value, keys, nowSec());
    if (!check.ok) return { accepted: check.accepted, message: check.message, toBroadcast: null };
    switch (store.put(check.event, check.bytes)) {
      case 'new':
        return { accepted: true, message: '', toBroadcast: check.event };
      case 'duplicate':
        return { accepted: true, message: 'duplicate: already have this event', toBroadcast: null };
      case 'superseded':
        return { accepted: true, message: 'duplicate: have a newer version', toBroadcast: null };
      case 'deleted':
        return { accepted: false, message: 'blocked: deleted by its author', toBroadcast: null };
    }
  }

  return {
    publish(value, keys) {
      const publication = decide(value, keys);
      if (publication.accepted) acceptedEvents++;
      else refusedEvents++;
      return publication;
    },
    refuseRead(filters, keys) {
      const reason = members.refuseRead(keys);
      if (reason !== null || openDms || keys.size > 0 || !filters.some(asksForPrivate)) return reason;
      return 'auth-required: direct messages are shown to their author and recipient';
    },
    query: (filters, keys) => store.query(filters, nowSec(), (event) => mayRead(event, keys)),
    mayRead,
    sweep: () => store.sweep(nowSec()),
    counts: () => ({ ...store.counts(), acceptedEvents, refusedEvents }),
  };
}
