import { type Clock, every } from '@ocmesh/shared/ambient';
import type { NostrEvent } from '@ocmesh/shared/wire';
import type { InfoResponse } from '../../../daemon/src/adapters/nostr/info.ts';
import { type Connection, createConnection } from '../../../relay/src/connection.ts';
import { createEventService, type EventService } from '../../../relay/src/event-service.ts';
import { type RelayLimits, relayLimits } from '../../../relay/src/limits.ts';
import { createMembers } from '../../../relay/src/members.ts';
import { createRecordingLog } from '../../../testkit/src/recording-log.ts';
import type { Chance } from '../chance.ts';
import type { Network, Server } from '../network/network.ts';
import { createMachineClock } from '../time/machine-clock.ts';
import type { VirtualClock } from '../time/virtual-clock.ts';
import { type Behaviour, behaviourOf } from './behaviour.ts';
import { misbehaveWithEvents } from './misbehaving-events.ts';
import { misbehaveWithFrames } from './misbehaving-frames.ts';

const unlimited = { mayWrite: () => true, release() {} };

/** A relay: the core of the embedded one, with its own clock, and with behaviours. */
export interface SimulatedRelay extends Server {
  readonly behaviours: readonly Behaviour[];
  /** Publishes an event as a client without a machine does. */
  inject(event: NostrEvent): void;
  setStanding(standing: ReturnType<Server['standing']>): void;
  /** Refuses what this machine writes, for this reason; null ends that. */
  setRefusal(machine: string, reason: string | null): void;
  /** Loses everything it stored. */
  forget(): Promise<void>;
  info(): InfoResponse;
  stored(): number;
}

export async function createSimulatedRelay(
  { url, behaviours }: { readonly url: string; readonly behaviours: readonly Behaviour[] },
  deps: {
    readonly virtual: VirtualClock;
    readonly network: Network;
    readonly chance: Chance;
    readonly isAuthentic: (event: NostrEvent) => boolean;
  },
): Promise<SimulatedRelay> {
  const { virtual, network, chance, isAuthentic } = deps;
  const machineClock = createMachineClock(virtual);
  machineClock.step(behaviourOf(behaviours, 'wrong clock')?.ms ?? 0);
  const clock: Clock = machineClock.forProcess();
  const log = createRecordingLog();
  const openDms = !behaviourOf(behaviours, 'wants AUTH');
  const limits: RelayLimits = relayLimits;
  const connections = new Set<Connection>();
  const refusals = new Map<string, string>();
  let standing: ReturnType<Server['standing']> = 'up';
  let events = await createEvents();

  function createEvents(): Promise<EventService> {
    return createEventService({
      clock,
      limits,
      members: createMembers(undefined),
      openDms,
      log,
      data: null,
      isAuthentic,
    });
  }

  function broadcast(event: NostrEvent): void {
    if (behaviourOf(behaviours, 'forwards nothing')) return;
    for (const connection of connections) connection.deliver(event);
  }

  /** Pings and sweeps while there are connections: in a night of weeks, nobody would notice. */
  let cancelTicks: (() => void) | null = null;
  function tick(): void {
    if (cancelTicks) return;
    events.sweep();
    const cancels = [
      every(clock, limits.pingMs, () => {
        for (const connection of connections) connection.probe();
        if (connections.size === 0) cancelTicks?.();
      }),
      every(clock, limits.sweepMs, () => events.sweep()),
    ];
    cancelTicks = () => {
      for (const cancel of cancels) cancel();
      cancelTicks = null;
    };
  }

  /** The events as they are now: after `forget` they are others. */
  const current: EventService = {
    publish: (value, keys, done) => events.publish(value, keys, done),
    refuseRead: (filters, keys) => events.refuseRead(filters, keys),
    query: (filters, keys) => events.query(filters, keys),
    count: (filters, keys) => events.count(filters, keys),
    mayRead: (event, keys) => events.mayRead(event, keys),
    sweep: () => events.sweep(),
    counts: () => events.counts(),
    close: () => events.close(),
  };

  return {
    url,
    behaviours,
    standing: () => standing,
    date: () => new Date(clock.now()).toUTCString(),
    accept(socket, machine) {
      misbehaveWithFrames(socket, behaviours, { chance, virtual });
      const forgets = behaviourOf(behaviours, 'forgets subscriptions');
      const connection = createConnection({
        socket: socket.asWebSocket(),
        quota: unlimited,
        hosts: [new URL(url).host],
        events: misbehaveWithEvents(current, behaviours, {
          chance,
          machine,
          now: clock.now,
          refusal: () => refusals.get(machine) ?? null,
        }),
        limits,
        clock,
        random: chance,
        log,
        isAuthentic,
        broadcast,
      });
      const isDeaf = forgets !== undefined && chance.happens(forgets.rate);
      const heard = isDeaf ? { ...connection, deliver() {} } : connection;
      connections.add(heard);
      tick();
      socket.on('close', () => connections.delete(heard));
    },
    inject(event) {
      events.publish(event, new Set(), ({ toBroadcast }) => {
        if (toBroadcast) broadcast(toBroadcast);
      });
    },
    setStanding(next) {
      standing = next;
      if (next !== 'up') network.drop(url, next === 'mute' ? 'power cut' : 'reset');
      if (next === 'mute') connections.clear();
    },
    setRefusal(machine, reason) {
      if (reason === null) refusals.delete(machine);
      else refusals.set(machine, reason);
    },
    async forget() {
      events = await createEvents();
    },
    info: () => ({
      info: { supportedNips: [1, 4, 9, 11, 40, 42, 67], limitation: { max_limit: limits.queryEvents } },
      date: new Date(clock.now()).toUTCString(),
    }),
    stored: () => events.counts().storedEvents,
  };
}
