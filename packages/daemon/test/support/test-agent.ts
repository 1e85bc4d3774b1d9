import type { Pubkey } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { createFakeClock, createRecordingLog, createSeededRandom, type FakeClock } from '@ocmesh/testkit';
import { onTestFinished } from 'vitest';
import { createWasmEngine } from '../../src/adapters/crypto/wasm-engine.ts';
import { createRenderMetrics } from '../../src/adapters/metrics/prometheus.ts';
import { type Bounds, createAgent, defaultBounds } from '../../src/agent.ts';
import { type Config, defaults } from '../../src/config/schema.ts';
import { createFakePeer } from './fake-peer.ts';
import { createMemoryMesh, createMemoryNetwork, type MemoryMesh } from './memory-relay-network.ts';
import { copyDisk, createMemoryDisk, type MemoryDisk, openMemoryStore } from './memory-store.ts';

const engine = createWasmEngine();

export interface TestAgentOptions {
  /** Determines the key. */
  readonly seed?: number;
  readonly name?: string;
  readonly config?: Partial<Config>;
  readonly disk?: MemoryDisk;
  /** Resolves when the disk confirms a write; at once unless given. */
  readonly datasync?: () => Promise<void>;
  /** Limits to lower for a test. */
  readonly bounds?: Partial<Bounds>;
  /** Whether the relays are reachable from the start. */
  readonly up?: boolean;
}

/** The relays, the clock and the agents of one test. */
export function createTestMesh(...urls: string[]) {
  const clock = createFakeClock();
  const mesh = createMemoryMesh(...urls);
  let seeds = 0;
  return {
    clock,
    mesh,
    relay: mesh.relays[0] as (typeof mesh.relays)[number],
    fakePeer: (name: string) => createFakePeer(name, clock),
    start: (options: TestAgentOptions = {}) => startTestAgent(clock, mesh, { seed: ++seeds, ...options }),
  };
}

export type TestMesh = ReturnType<typeof createTestMesh>;

/** Starts a whole agent: the real core and store, with relays and disk in memory and a fake clock. */
async function startTestAgent(clock: FakeClock, mesh: MemoryMesh, options: TestAgentOptions) {
  const disk = options.disk ?? createMemoryDisk();
  const log = createRecordingLog();
  const store = await openMemoryStore(disk, { clock, log, datasync: options.datasync });
  const network = createMemoryNetwork(mesh, clock, options.up === undefined ? {} : { up: options.up });
  const relays = mesh.relays.map(({ url }) => url);
  const renderMetrics = createRenderMetrics({ clock, logLinesLost: () => 0 });
  const config: Config = { ...defaults, relays, name: options.name ?? null, ...options.config };
  const agent = await createAgent(
    {
      store,
      engine,
      clock,
      random: createSeededRandom(options.seed ?? 1),
      log,
      connect: () => network,
      renderMetrics,
      prove: async () => ({ proof: '', token_proof: null }),
    },
    config,
    // Relays' OKs are written at once, because `settle` does not advance the clock.
    { ...defaultBounds, okBatchMs: 0, okWaitMs: 0, ...options.bounds },
  );
  let running = true;
  await agent.start();
  await settle(clock);
  onTestFinished(async () => {
    if (running) await stop();
  });

  async function stop(): Promise<void> {
    running = false;
    await agent.stop();
    await store.close();
  }

  return {
    ...agent.handlers,
    pubkey: agent.identity.pubkey,
    agent,
    store,
    disk,
    log,
    network,
    stop,
    /** Crashes the agent. @returns the disk as the crash left it */
    async crash(): Promise<MemoryDisk> {
      const left = copyDisk(disk);
      // Its code may go on, but reaches no relay, and its writes are not on the returned disk.
      await network.stop();
      return left;
    },
    peer: (pubkey: Pubkey) => agent.handlers.getPeer({ pubkey }),
    peers: async () => (await agent.handlers.listPeers({})).items,
    inbox: async () => (await agent.handlers.listMessages({ order: 'asc' })).items,
    refused: async () => (await agent.handlers.getStatus({})).refused_events,
    /** Returns the events of this kind it published on any relay, each once. */
    published(kind: number): NostrEvent[] {
      const all = mesh.relays.flatMap((relay) => relay.offered);
      const own = all.filter((event) => event.kind === kind && event.pubkey === agent.identity.pubkey);
      return [...new Map(own.map((event) => [event.id, event])).values()];
    },
  };
}

export type TestAgent = Awaited<ReturnType<typeof startTestAgent>>;

/** Lets everything under way finish, without advancing the clock. */
export async function settle(clock: FakeClock): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await clock.advance(0);
}

/** Starts two agents that have discovered and greeted each other. */
export async function startTwo(world: TestMesh): Promise<{ alice: TestAgent; bob: TestAgent }> {
  const alice = await world.start({ name: 'alice' });
  const bob = await world.start({ name: 'bob' });
  await world.clock.advance(1_000);
  return { alice, bob };
}
