import type { Clock } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import type { PendingRelay } from '../model/outbox.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { RelayTests } from '../relays/relay-tests.ts';
import type { WriteBudget } from '../relays/write-budget.ts';
import { type Entry, isRepeat } from './entry.ts';
import { outboxLimits } from './limits.ts';
import { repeatDelayMs } from './retry-delay.ts';

/** Which relays an entry is for, and which of them to ask. */
export interface Targets {
  /** Returns our own relays, those of the peer, and the entry's extra ones. */
  of(entry: Entry): readonly string[];
  /**
   * Whether to skip a relay that refuses everything we write: another one accepted the event, or is open, will be asked
   * and does not refuse us.
   */
  isSkipped(entry: Entry, url: string): boolean;
  /**
   * Whether a relay may learn that it is we who write. A peer's relay may if the event says so itself, or if nothing else is
   * left: no other relay accepted it, or is open and will be asked for the first time.
   */
  mayIdentify(entry: Entry, url: string, event: Pick<NostrEvent, 'kind'>): boolean;
  /** Returns relays that were skipped, or refused us, and have to be asked now; they are no longer skipped. */
  takeBack(entry: Entry, open?: ReadonlySet<string>): readonly string[];
  openRelays(): ReadonlySet<string>;
  /** Adds candidates to the entry's extra relays. */
  addExtra(entry: Entry): void;
  /** Returns the relays to be asked for the first time, and why they have not been. */
  pending(entry: Entry, isInFlight: (entry: Entry, url: string) => boolean): readonly PendingRelay[];
  /** Counts messages that no relay accepted and no open relay will be asked for. */
  countStalled(entries: readonly Entry[]): number;
  isOpen(url: string): boolean;
}

export function createTargets(deps: {
  readonly network: RelayNetwork;
  readonly clock: Clock;
  readonly budget: WriteBudget;
  readonly ownRelays: () => readonly string[];
  /** Returns candidates that are not in use. */
  readonly spareRelays: () => readonly string[];
  /** Returns the relays this peer reads from, beyond our own. */
  readonly relaysOf: (peer: Pubkey) => readonly string[];
  readonly relayTests: Pick<RelayTests, 'drops'>;
}): Targets {
  const { network, clock, budget } = deps;

  const openRelays = (): ReadonlySet<string> =>
    new Set(network.relays().flatMap(({ url, open }) => (open ? [url] : [])));

  function isSkipped(entry: Entry, url: string, open = openRelays()): boolean {
    if (!budget.isSpared(url)) return false;
    if (entry.acceptedBy.size > 0) return true;
    return [...entry.pending].some((other) => other !== url && open.has(other) && !budget.refusesUs(other));
  }

  /** Whether a relay that refused us may be asked again: it accepts us now, and the last refusal is long enough ago. */
  function isForgiven(entry: Entry, url: string): boolean {
    const refusal = entry.refusals.get(url);
    if (!refusal || entry.pending.has(url) || budget.refusesUs(url)) return false;
    const delayMs = refusal.count === 1 ? 0 : repeatDelayMs(refusal.count - 2);
    return clock.monotonic() - refusal.at >= delayMs;
  }

  function isLastResort({ acceptedBy, pending, asked }: Entry, url: string, open = openRelays()): boolean {
    const others = [...pending].filter((other) => other !== url && open.has(other) && !asked.has(other));
    return acceptedBy.size === 0 && others.length === 0;
  }

  return {
    of: (entry) => [...new Set([...deps.ownRelays(), ...deps.relaysOf(entry.peer), ...entry.extra])],
    isSkipped: (entry, url) => isSkipped(entry, url),
    mayIdentify: (entry, url, { kind }) =>
      kind !== kinds.giftWrap || deps.ownRelays().includes(url) || isLastResort(entry, url),
    openRelays,
    takeBack(entry, open) {
      if (entry.acceptedBy.size > 0) return [];
      const keeping = [...entry.droppedBy].filter((url) => !deps.relayTests.drops(url));
      for (const url of keeping) entry.droppedBy.delete(url);
      const needed = [...entry.skipped].filter((url) => !isSkipped(entry, url, open));
      for (const url of needed) entry.skipped.delete(url);
      const told = [...entry.withheld].filter((url) => isLastResort(entry, url, open));
      for (const url of told) entry.withheld.delete(url);
      return [
        ...keeping,
        ...needed,
        ...told,
        ...[...entry.refusals.keys()].filter((url) => isForgiven(entry, url)),
      ];
    },
    addExtra({ extra }) {
      const others = deps.spareRelays().filter((url) => !extra.has(url));
      for (const url of others.slice(0, outboxLimits.extraRelays)) extra.add(url);
    },
    pending(entry, isInFlight) {
      const open = openRelays();
      const waiting = [...entry.pending].filter((url) => !isRepeat(entry, url) && !isInFlight(entry, url));
      const skipped = entry.acceptedBy.size > 0 ? [] : [...entry.skipped];
      return [
        ...waiting.map((url) => ({ url, reason: open.has(url) ? 'waits for its turn' : 'not connected' })),
        ...skipped.map((url) => ({ url, reason: 'skipped for now: it refuses what we write' })),
      ];
    },
    countStalled(entries) {
      const open = openRelays();
      return entries.filter(
        ({ purpose, acceptedBy, inFlight, pending }) =>
          purpose === 'message' &&
          acceptedBy.size === 0 &&
          inFlight === 0 &&
          ![...pending].some((url) => open.has(url)),
      ).length;
    },
    isOpen: (url) => network.relays().some((relay) => relay.url === url && relay.open),
  };
}
