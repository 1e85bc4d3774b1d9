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
  /** The text of the `OK`. */
  readonly answer: string;
  /** The event, where subscribers should get it. */
  readonly news: NostrEvent | null;
}

/** What the relay does with events and questions, whoever brings them. */
export interface EventService {
  publish(value: unknown, keys: ReadonlySet<Pubkey>): Publication;
  /** Why these filters are not answered at all; null when they are. */
  refuseRead(filters: readonly RelayFilter[], keys: ReadonlySet<Pubkey>): string | null;
  stored(filters: readonly RelayFilter[], keys: ReadonlySet<Pubkey>): NostrEvent[];
  mayRead(event: NostrEvent, keys: ReadonlySet<Pubkey>): boolean;
  sweep(): void;
  counts(): DeskCounts;
}

export interface DeskCounts {
  readonly storedEvents: number;
  readonly storedBytes: number;
  readonly acceptedEvents: number;
  readonly refusedEvents: number;
}

export interface DeskDeps {
  readonly clock: Clock;
  readonly limits: RelayLimits;
  readonly members: Members;
  readonly openDms: boolean;
}

export function createEventService({ clock, limits, members, openDms }: DeskDeps): EventService {
  const store = createEventStore(limits);
  const policy = createEventPolicy({ limits, members, isKnown: store.has });
  let acceptedEvents = 0;
  let refusedEvents = 0;

  const nowSec = (): number => toUnixSec(clock.now());
  const mayRead = (event: NostrEvent, keys: ReadonlySet<Pubkey>): boolean =>
    openDms || isInvolved(event, keys);

  function decide(value: unknown, keys: ReadonlySet<Pubkey>): Publication {
    const verdict = policy.judge(value, keys, nowSec());
    if (!verdict.ok) return { accepted: verdict.accepted, answer: verdict.answer, news: null };
    switch (store.put(verdict.event, verdict.bytes)) {
      case 'new':
        return { accepted: true, answer: '', news: verdict.event };
      case 'duplicate':
        return { accepted: true, answer: 'duplicate: already have this event', news: null };
      case 'superseded':
        return { accepted: true, answer: 'duplicate: have a newer version', news: null };
      case 'deleted':
        return { accepted: false, answer: 'blocked: deleted by its author', news: null };
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
    stored: (filters, keys) => store.query(filters, nowSec(), (event) => mayRead(event, keys)),
    mayRead,
    sweep: () => store.sweep(nowSec()),
    counts: () => ({ ...store.counts(), acceptedEvents, refusedEvents }),
  };
}
