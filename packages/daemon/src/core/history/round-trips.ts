import type { RelaySnapshot } from '../model/relay.ts';
import { historyLimits } from './limits.ts';

/** The relay was not on the list. */
const ABSENT = 0xffff;
/** It was, but there was no round trip. */
const UNKNOWN = 0xfffe;

/** The round trips of relays at each place of the ring. */
export interface RoundTrips {
  /** Replaces the values of this place. */
  set(place: number, relays: readonly Pick<RelaySnapshot, 'url' | 'state' | 'roundTripMs'>[]): void;
  /** Returns the relays that were on the list, null for those that were not connected. */
  at(place: number): Record<string, number | null>;
}

export function createRoundTrips(): RoundTrips {
  /** By relay; those that were on the list most recently come last. */
  const rows = new Map<string, Uint16Array>();

  return {
    set(place, relays) {
      for (const row of rows.values()) row[place] = ABSENT;
      for (const { url, state, roundTripMs } of relays) {
        const row = rows.get(url) ?? new Uint16Array(historyLimits.points).fill(ABSENT);
        const isKnown = state === 'connected' && roundTripMs !== null;
        row[place] = isKnown ? Math.min(UNKNOWN - 1, Math.round(roundTripMs)) : UNKNOWN;
        rows.delete(url);
        rows.set(url, row);
      }
      for (const longestGone of [...rows.keys()].slice(0, -historyLimits.relays)) rows.delete(longestGone);
    },
    at(place) {
      const found: Record<string, number | null> = {};
      for (const [url, row] of rows) {
        const value = row[place] ?? ABSENT;
        if (value !== ABSENT) found[url] = value === UNKNOWN ? null : value;
      }
      return found;
    },
  };
}
