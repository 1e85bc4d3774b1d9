import { type Clock, settlesWithin, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import type { Output } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { ownRelayLimits } from './limits.ts';
import type { WriteBudget } from './write-budget.ts';

const { backSeconds, shownSeconds } = ownRelayLimits.wake;

/** A test message that came back, and the watcher that has to announce it. */
interface WakeTest {
  readonly id: string;
  readonly watcher: string;
}

/** Messages that the owner sends to ourselves, to see whether a message wakes the agent. */
export interface WakeTests {
  /**
   * Sends one through our relays, and waits until the first relay sends it back or the time is over. It is a gift wrap to
   * our own key: no daemon with this key takes it for mail, now or later.
   */
  run(watcher: string): Promise<Output<'testWake'>>;
  /** Takes an event that a relay sent. @returns whether it is a test message, which is no mail */
  onEvent(raw: unknown, url: string): boolean;
  /** Returns the newest test that came back, while its watcher may announce it. */
  current(): WakeTest | null;
}

interface Running extends WakeTest {
  readonly startedAt: number;
  arrived: Output<'testWake'>['arrived'];
  onArrival(): void;
}

export function createWakeTests(deps: {
  readonly identity: Pick<Identity, 'testEvent'>;
  readonly network: Pick<RelayNetwork, 'publish' | 'relays'>;
  readonly clock: Clock;
  /** The date to sign events with: that of the relays while our clock is wrong. */
  readonly correctedNow: () => UnixMs;
  readonly budget: Pick<WriteBudget, 'spend'>;
  readonly onArrived: (test: WakeTest) => void;
}): WakeTests {
  const { identity, network, clock, correctedNow, budget, onArrived } = deps;
  /** The newest one; an earlier one that still runs goes on without a watcher. */
  let newest: Running | null = null;

  async function publish(url: string, event: NostrEvent) {
    budget.spend(url);
    const { outcome } = await network.publish(url, event);
    return { url, outcome };
  }

  return {
    async run(watcher) {
      const createdAtSec = toUnixSec(correctedNow());
      const expiresAtSec = createdAtSec + shownSeconds;
      const event = identity.testEvent('nip17', { createdAtSec, expiresAtSec });
      let onArrival = (): void => {};
      const back = new Promise<void>((resolve) => {
        onArrival = resolve;
      });
      const test: Running = {
        id: event.id,
        watcher,
        startedAt: clock.monotonic(),
        arrived: null,
        onArrival,
      };
      newest = test;
      const own = network.relays().filter(({ role }) => role === 'own');
      const relays = await Promise.all(own.map(({ url }) => publish(url, event)));
      if (relays.some(({ outcome }) => outcome !== 'rejected' && outcome !== 'not_connected'))
        await settlesWithin(clock, backSeconds * 1000, back);
      // What comes back later is refused as our own, like any other copy.
      if (!test.arrived && newest === test) newest = null;
      return { id: test.id, relays, arrived: test.arrived };
    },

    onEvent(raw, url) {
      if (!newest || (raw as Partial<NostrEvent> | null)?.id !== newest.id) return false;
      if (newest.arrived === null) {
        const { id, watcher, startedAt } = newest;
        newest.arrived = { relay: url, ms: Math.round(clock.monotonic() - startedAt) };
        onArrived({ id, watcher });
        newest.onArrival();
      }
      return true;
    },

    current() {
      if (!newest?.arrived) return null;
      const { id, watcher, startedAt } = newest;
      return clock.monotonic() - startedAt < shownSeconds * 1000 ? { id, watcher } : null;
    },
  };
}
