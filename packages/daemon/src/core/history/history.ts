import { type Cancel, type Clock, every, toUnixSec } from '@ocmesh/shared/ambient';
import type { Output } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { historyLimits } from './limits.ts';
import { createRoundTrips } from './round-trips.ts';

const { points, intervalSeconds } = historyLimits;

/**
 * Figures of the last day, one point a minute, in a ring of typed arrays: 40 KiB, and 3 KiB for each relay. They are in memory
 * only, and begin anew with each run.
 */
export interface History {
  start(): void;
  stop(): void;
  onEvent(event: DomainEvent): void;
  /** Returns the points, the oldest first. */
  read(): Output<'getHistory'>;
}

export function createHistory(
  {
    store,
    network,
    clock,
    memoryBytes,
  }: {
    readonly store: Store;
    readonly network: RelayNetwork;
    readonly clock: Clock;
    /** Returns the resident memory of the process. */
    readonly memoryBytes: () => number;
  },
  { onlineWindowMs }: { readonly onlineWindowMs: number },
): History {
  const ring = {
    at: new Uint32Array(points),
    messagesIn: new Uint32Array(points),
    messagesOut: new Uint32Array(points),
    peersOnline: new Uint32Array(points),
    relaysConnected: new Uint8Array(points),
    memoryBytes: new Float64Array(points),
  };
  const roundTrips = createRoundTrips();
  /** How many points were ever taken. The next one replaces the oldest. */
  let taken = 0;
  let messagesIn = 0;
  let messagesOut = 0;
  let cancel: Cancel = () => {};

  function take(): void {
    const place = taken++ % points;
    const own = network.relays().filter(({ role }) => role === 'own');
    ring.at[place] = toUnixSec(clock.now());
    ring.messagesIn[place] = messagesIn;
    ring.messagesOut[place] = messagesOut;
    ring.peersOnline[place] = store.peek(({ peers }) => peers.countOnline(clock.now(), onlineWindowMs));
    ring.relaysConnected[place] = own.filter(({ state }) => state === 'connected').length;
    ring.memoryBytes[place] = memoryBytes();
    roundTrips.set(place, own);
    messagesIn = 0;
    messagesOut = 0;
  }

  const show = (place: number): Output<'getHistory'>['points'][number] => ({
    at: ring.at[place] ?? 0,
    messages_in: ring.messagesIn[place] ?? 0,
    messages_out: ring.messagesOut[place] ?? 0,
    peers_online: ring.peersOnline[place] ?? 0,
    relays_connected: ring.relaysConnected[place] ?? 0,
    round_trip_ms: roundTrips.at(place),
    memory_bytes: ring.memoryBytes[place] ?? 0,
  });

  return {
    start() {
      cancel = every(clock, intervalSeconds * 1000, take);
    },
    stop: () => cancel(),
    onEvent(event) {
      if (event.type === 'message.received') messagesIn++;
      if (event.type === 'message.state' && event.state === 'published') messagesOut++;
    },
    read() {
      const kept = Math.min(taken, points);
      return {
        interval_seconds: intervalSeconds,
        points: Array.from({ length: kept }, (_, i) => show((taken - kept + i) % points)),
      };
    },
  };
}
