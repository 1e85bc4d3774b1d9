import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Clock } from '@ocmesh/shared/ambient';
import { type Chaos, createPump, type Pump } from './chaos-pump.ts';
import { createRealClock } from './real-clock.ts';
import { createSeededRandom } from './seeded-random.ts';

export type Direction = 'to-relay' | 'from-relay';

export interface ChaosProxyOptions {
  /** The relay behind it. */
  readonly relayUrl: string;
  readonly seed?: number;
  readonly clock?: Clock;
  readonly chaos?: Partial<Chaos>;
}

export interface ChaosProxy {
  readonly url: string;
  set(chaos: Partial<Chaos>): void;
  /** Nothing goes through, one way or both, and nobody is told; new connections hang. */
  partition(...directions: Direction[]): void;
  /** What was held up goes on its way. */
  heal(): void;
  /** Cuts every connection. */
  cut(): void;
  /** Connections open now, and chunks that were stalled and connections that were cut so far. */
  stats(): { readonly connections: number; readonly stalls: number; readonly cuts: number };
  close(): Promise<void>;
}

interface Pair {
  readonly pumps: readonly Pump[];
  /** Connects to the relay, if it has not. */
  reach(): void;
  cut(): void;
}

const calm: Chaos = { latencyMs: 0, jitterMs: 0, stallChance: 0, stallMs: 0, cutChance: 0 };

/** A bad network on loopback, in front of a relay. */
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
  const way = (direction: Direction) => ({ isBlocked: () => blocked.has(direction) });

  const server = createServer({ noDelay: true }, (client) => pairs.add(createPair(client)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });

  function createPair(client: Socket): Pair {
    let relay: Socket | null = null;
    const toRelay = createPump({ ...shared, ...way('to-relay'), target: () => relay, onCut: cut });
    const fromRelay = createPump({ ...shared, ...way('from-relay'), target: () => client, onCut: cut });
    toRelay.drink(client);
    client.on('close', forget);
    reach();
    const pair: Pair = { pumps: [toRelay, fromRelay], reach, cut };

    function reach(): void {
      if (relay || blocked.size > 0 || client.destroyed) return;
      relay = connect({ host: hostname, port: Number(relayPort), noDelay: true });
      relay.on('close', forget);
      fromRelay.drink(relay);
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
