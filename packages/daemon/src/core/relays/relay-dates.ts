import type { Clock, Log } from '@ocmesh/shared/ambient';
import type { AcceptedDates } from '@ocmesh/shared/contract';
import type { PublishOutcome } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';

/** Reasons by which relays refuse a `created_at`. */
const ABOUT_THE_DATE =
  /created_?at|creation (date|time)|timestamp|too (old|early|late|new|far)|\b(future|past|stale|clock)\b|\bdate\b/i;
/** Prefixes of refusals that speak of time for other reasons, such as "too many events in the past minute". */
const otherPrefixes: readonly string[] = ['rate-limited', 'pow', 'auth-required', 'restricted', 'duplicate'];

/** Whether a relay refused an event because of its date. */
export const isAboutDate = ({ outcome, prefix, reason }: PublishOutcome): boolean =>
  outcome === 'rejected' && !otherPrefixes.includes(prefix ?? '') && ABOUT_THE_DATE.test(reason ?? '');

/** Learns from refusals which relays want events that are dated now. */
export interface RelayDates {
  acceptedBy(url: string): AcceptedDates;
  /** This relay refused an event because of its date, which was close to now, or older, or later. */
  onRefused(url: string, date: 'fresh' | 'old' | 'future'): void;
  onAccepted(url: string): void;
  /** Takes the outcome of an event that was dated now. @returns whether the relay refused that date */
  refusedNow(url: string, published: PublishOutcome): boolean;
}

export function createRelayDates(deps: {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}): RelayDates {
  const { store, clock, log } = deps;
  /** Relays that took a new date after they had refused an old one. Kept in the store. */
  const wantFresh = new Set(store.peek((tables) => tables.relays.wantingFreshDates()));
  /** Relays that refused an old date, and were not offered a new one yet: the clock may be wrong instead. */
  const refusedOld = new Set<string>();
  const refuseAll = new Set<string>();

  function remember(url: string): void {
    wantFresh.add(url);
    store
      .transaction((tables) => tables.relays.wantFreshDates(url, clock.now()))
      .catch((error) => log.warn('a relay could not be remembered', { relay: url, reason: String(error) }));
  }

  function onAccepted(url: string): void {
    refuseAll.delete(url);
    if (refusedOld.delete(url) && !wantFresh.has(url)) remember(url);
  }

  function onRefused(url: string, date: 'fresh' | 'old' | 'future'): void {
    if (date === 'old') refusedOld.add(url);
    if (date !== 'fresh') return;
    refusedOld.delete(url);
    if (!refuseAll.has(url)) log.warn('a relay refuses events that are dated now', { relay: url });
    refuseAll.add(url);
  }

  return {
    acceptedBy(url) {
      if (refuseAll.has(url)) return 'none';
      return wantFresh.has(url) || refusedOld.has(url) ? 'fresh' : 'any';
    },
    onAccepted,
    onRefused,
    refusedNow(url, published) {
      const isRefused = isAboutDate(published);
      if (isRefused) onRefused(url, 'fresh');
      if (published.outcome === 'accepted') onAccepted(url);
      return isRefused;
    },
  };
}
