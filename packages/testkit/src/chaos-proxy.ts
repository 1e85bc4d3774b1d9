import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Clock } from '@ocmesh/shared/ambient';
import { type Chaos, createPump, type Pump } from './chaos-pump.ts';
import { createRealClock } from './real-clock.ts';
import { createSeededRandom } from './seeded-random.ts';

export type Direction = 'to-relay' | 'from-relay';

export interface ChaosProxyOptions {
  /** The relay behind the proxy. */
  readonly relayUrl: string;
  readonly seed?: number;
  readonly clock?: Clock;
  readonly chaos?: Partial<Chaos>;
}

export interface ChaosProxy {
  readonly url: string;
  set(chaos: Partial<Chaos>): void;
  /** Lets nothing through, in one direction or both, without closing anything. New connections hang. */
  partition(...directions: Direction[]): void;
  /** Ends the partition: held data goes through. */
  heal(): void;
  /** Resets all connections. */
  cut(): void;
  /** Returns the number of open connections, and of stalled chunks and cut connections so far. */
  stats(): { readonly connections: number; readonly stalls: number; readonly cuts: number };
  close(): Promise<void>;
}

interface Pair {
  readonly pumps: readonly Pump[];
  /** Connects to the relay, unless that is done. */
  reach(): void;
  cut(): void;
}

const calm: Chaos = { latencyMs: 0, jitterMs: 0, stallChance: 0, stallMs: 0, cutChance: 0 };

/** Starts a proxy on loopback that behaves like a bad network in front of a relay. */
export async function startChaosProxy(options: ChaosProxyOptions): Promise<ChaosProxy> {
  const { clock = createRealClock(), seed = 1, relayUrl } = options;
  const random = createSeededRandom(seed);
  const { hostname, port: relayPort } = new URL(relayUrl);
  let chaos: Chaos = { ...calm, ...options.chaos };
  const blocked = new Set<Direction>();
  const pairs = new Set<Pair>();
  let stalls = 0;
  let cuts = 0;

  const shared = {
    clock,
    random,
    chaos: () => chaos,
    onStall() {
      stalls++;
    },
  };
  const blocking = (direction: Direction) => ({ isBlocked: () => blocked.has(direction) });

  const server = createServer({ noDelay: true }, (client) => pairs.add(createPair(client)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });

  function createPair(client: Socket): Pair {
    let relay: Socket | null = null;
    const toRelay = createPump({ ...shared, ...blocking('to-relay'), target: () => relay, onCut: cut });
    const fromRelay = createPump({ ...shared, ...blocking('from-relay'), target: () => client, onCut: cut });
    toRelay.pipeFrom(client);
    client.on('close', forget);
    reach();
    const pair: Pair = { pumps: [toRelay, fromRelay], reach, cut };

    function reach(): void {
      if (relay || blocked.size > 0 || client.destroyed) return;
      relay = connect({ host: hostname, port: Number(relayPort), noDelay: true });
      relay.on('close', forget);
      fromRelay.pipeFrom(relay);
      toRelay.flush();
    }

    function cut(): void {
      cuts++;
      client.resetAndDestroy();
      relay?.resetAndDestroy();
      pairs.delete(pair);
    }

    function forget(): void {
      if (client.destroyed && (relay?.destroyed ?? true)) pairs.delete(pair);
    }

    return pair;
  }

  server.on('error', () => {});
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(change) {
      chaos = { ...chaos, ...change };
    },
    partition(...directions) {
      for (const each of directions.length > 0 ? directions : (['to-relay', 'from-relay'] as const)) {
        blocked.add(each);
      }
    },
    heal() {
      blocked.clear();
      for (const pair of pairs) {
        pair.reach();
        for (const pump of pair.pumps) pump.flush();
      }
    },
    cut() {
      for (const pair of [...pairs]) pair.cut();
    },
    stats: () => ({ connections: pairs.size, stalls, cuts }),
    close: () =>
      new Promise((resolve) => {
        for (const pair of [...pairs]) pair.cut();
        server.close(() => resolve());
      }),
  };
}
