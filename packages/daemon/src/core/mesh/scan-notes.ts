import { type Clock, hourMs, type MonotonicMs, minuteMs } from '@ocmesh/shared/ambient';
import { type NostrEvent, noteFilter, parseEvent } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { meshLimits } from './limits.ts';

const { everyMinutes, events: EVENTS, firstEvents, wantedHours } = meshLimits.notes;

/** Looks for agents that announce themselves in kind 1 notes only. */
export interface ScanNotes {
  /** Looks at the notes of this relay, if it is time. */
  scan(url: string): Promise<void>;
  /** Whether notes brought somebody new on this relay, so that we subscribe to them. */
  areWanted(url: string): boolean;
  onDisconnected(url: string): void;
}

/**
 * Most agents announce themselves in both kinds at once. So a note is news only if it is by one that does not, as long as the
 * presences of this relay were read before.
 */
export function createScanNotes(deps: {
  readonly network: RelayNetwork;
  readonly clock: Clock;
  readonly sinceSec: () => number;
  readonly isNews: (presence: NostrEvent) => boolean;
  readonly ingest: (events: readonly NostrEvent[], url: string) => Promise<void>;
  readonly onReceived: (bytes: number, events: number) => void;
  /** Notes are wanted from now on. */
  readonly onWanted: (url: string) => void;
}): ScanNotes {
  const { network, clock, isNews } = deps;
  const scannedAt = new Map<string, MonotonicMs>();
  const wantedUntil = new Map<string, MonotonicMs>();
  const areWanted = (url: string): boolean =>
    clock.monotonic() < (wantedUntil.get(url) ?? Number.NEGATIVE_INFINITY);

  return {
    async scan(url) {
      const lastAt = scannedAt.get(url);
      if (lastAt !== undefined && clock.monotonic() - lastAt < everyMinutes * minuteMs) return;
      scannedAt.set(url, clock.monotonic());
      const limit = lastAt === undefined ? firstEvents : EVENTS;
      const {
        events: raws,
        bytes,
        rows,
      } = await network.query(url, [noteFilter({ since: deps.sinceSec(), limit })]);
      deps.onReceived(bytes, rows);
      const news = raws.flatMap((raw) => parseEvent(raw) ?? []).filter(isNews);
      if (news.length === 0) return;
      await deps.ingest(news, url);
      const wasWanted = areWanted(url);
      wantedUntil.set(url, clock.monotonic() + wantedHours * hourMs);
      if (!wasWanted) deps.onWanted(url);
    },
    areWanted,
    onDisconnected(url) {
      scannedAt.delete(url);
    },
  };
}
