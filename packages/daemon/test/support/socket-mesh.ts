import { startRelay } from '@ocmesh/relay';
import {
  createFakeClock,
  createRecordingLog,
  createSeededRandom,
  type HostileRelayName,
  startChaosProxy,
  startHostileRelay,
  type Tuning,
} from '@ocmesh/testkit';
import { expect, onTestFinished } from 'vitest';
import { createWasmEngine } from '../../src/adapters/crypto/wasm-engine.ts';
import { createRelayNetwork } from '../../src/adapters/nostr/network.ts';
import { direct } from '../../src/adapters/nostr/proxy/dialer.ts';
import { createAgent } from '../../src/agent.ts';
import { defaults } from '../../src/config/schema.ts';
import type { RelayNetwork } from '../../src/core/ports/relay-network.ts';
import { createMemoryDisk, type MemoryDisk, openMemoryStore } from './memory-store.ts';

const engine = createWasmEngine();

/** Real time for data on a socket to arrive; the fake clock does not move meanwhile. */
const SOCKET_MS = 1;
/** Step of the fake clock. */
const STEP_MS = 50;
/** Step of the fake clock while little happens. */
const STRIDE_MS = 5_000;
/** Time to stop an agent: longer than we wait for a relay's OK. */
const STOP_MS = 15_000;
/** Latency of the honest relay, so that a hostile one is heard first. */
const HONEST_LATENCY_MS = 50;

/** Most publishes between two ticks: more is an endless loop. */
const MAX_PUBLISHES = 1_000;

/** Agents on relays with real sockets, and a fake clock that is many times as fast as real time. */
export async function createSocketMesh() {
  // Close to real time, which HTTP responses show as a relay's clock.
  const clock = createFakeClock(Math.floor(Date.now() / 1000) * 1000);
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  process.on('uncaughtExceptionMonitor', note);
  onTestFinished(() => {
    process.off('unhandledRejection', note);
    process.off('uncaughtExceptionMonitor', note);
    expect(unhandled.map(String)).toEqual([]);
  });
  let seed = 0;
  let publishes = 0;

  /** Ends a publish loop without a pause, which would block this process as it would the daemon. */
  function guarded(network: RelayNetwork): RelayNetwork {
    return {
      ...network,
      async publish(url, event) {
        if (++publishes <= MAX_PUBLISHES) return network.publish(url, event);
        if (publishes === MAX_PUBLISHES + 1) note(new Error(`publishes to ${url} without a pause`));
        return { outcome: 'timeout', reason: null, prefix: null };
      },
    };
  }

  async function tick(ms: number): Promise<void> {
    publishes = 0;
    await clock.advance(ms);
    await new Promise((resolve) => setTimeout(resolve, SOCKET_MS));
  }

  /** Lets time pass. */
  async function pass(ms: number, stepMs = STEP_MS): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) await tick(Math.min(stepMs, ms - passed));
  }

  /** Lets time pass until the check succeeds. Rejects with its last error after `withinMs`. */
  async function until(check: () => unknown, withinMs = 60_000, stepMs = STEP_MS): Promise<void> {
    const deadlineMs = clock.monotonic() + withinMs;
    for (;;) {
      try {
        await check();
        return;
      } catch (error) {
        if (clock.monotonic() > deadlineMs) throw error;
      }
      await tick(stepMs);
    }
  }

  async function startHonest() {
    const random = createSeededRandom(++seed);
    const relay = await startRelay({ clock, random, log: createRecordingLog(), openDms: true });
    const proxy = await startChaosProxy({
      relayUrl: relay.url,
      clock,
      chaos: { latencyMs: HONEST_LATENCY_MS },
    });
    const close = async (): Promise<void> => {
      await Promise.all([proxy.close(), relay.close()]);
    };
    onTestFinished(close);
    return { url: proxy.url, stats: relay.stats, partition: proxy.partition, heal: proxy.heal, close };
  }

  async function startHostile(name: HostileRelayName, tuning: Partial<Tuning> = {}) {
    const relay = await startHostileRelay(name, { clock, seed: ++seed, tuning });
    onTestFinished(() => relay.close());
    return relay;
  }

  async function startAgentOn(
    name: string,
    relays: readonly { readonly url: string }[],
    disk: MemoryDisk = createMemoryDisk(),
  ) {
    const log = createRecordingLog();
    const random = createSeededRandom(++seed);
    const store = await openMemoryStore(disk, { clock, log });
    const config = { ...defaults, name, relays: relays.map(({ url }) => url) };
    const agent = await createAgent(
      {
        store,
        engine,
        clock,
        random,
        log,
        connect: (sign) => guarded(createRelayNetwork({ clock, random, log, sign, outbound: direct })),
        renderMetrics: async () => '',
        prove: async () => ({ proof: '', token_proof: null }),
      },
      config,
    );
    await agent.start();
    let stopping: Promise<void> | undefined;

    async function stop(): Promise<void> {
      let isStopped = false;
      const stopping = agent.stop().then(() => {
        isStopped = true;
      });
      // A stop waits for relays that do not respond.
      await until(() => expect(isStopped).toBe(true), STOP_MS);
      await stopping;
      await store.close();
    }
    const stopOnce = (): Promise<void> => {
      stopping ??= stop();
      return stopping;
    };
    onTestFinished(stopOnce);
    const { handlers, identity } = agent;
    return {
      ...handlers,
      name,
      pubkey: identity.pubkey,
      log,
      disk,
      stop: stopOnce,
      peers: async () => (await handlers.listPeers({})).items,
      inbox: async () => (await handlers.listMessages({ order: 'asc', limit: 1000 })).items,
      stateOf: async (id: string) => (await handlers.getMessage({ id })).delivery.state,
      refused: async () => (await handlers.getStatus({})).refused_events,
      relay: async (url: string) => {
        const relay = (await handlers.listRelays({})).find((one) => one.url === url);
        if (!relay) throw new Error(`no relay ${url}`);
        return relay;
      },
    };
  }

  /** Starts two agents on these relays, and waits until they know each other. */
  async function startPair(...relays: readonly { readonly url: string }[]) {
    const [alice, bob] = [await startAgentOn('alice', relays), await startAgentOn('bob', relays)];
    const known = { online: true, handshake: 'acknowledged' };
    await until(async () => {
      expect(await alice.peers()).toMatchObject([{ pubkey: bob.pubkey, name: 'bob', ...known }]);
      expect(await bob.peers()).toMatchObject([{ pubkey: alice.pubkey, name: 'alice', ...known }]);
    });
    return { alice, bob };
  }

  return { clock, pass, until, startHonest, startHostile, startAgentOn, startPair, strideMs: STRIDE_MS };
}

export type SocketMesh = Awaited<ReturnType<typeof createSocketMesh>>;
export type SocketAgent = Awaited<ReturnType<SocketMesh['startAgentOn']>>;

/** Sends messages and waits until all are delivered. @returns the contents, in order */
export async function send(mesh: SocketMesh, from: SocketAgent, to: SocketAgent, ...contents: string[]) {
  const ids: string[] = [];
  for (const content of contents) ids.push((await from.sendMessage({ to: to.pubkey, content })).id);
  await mesh.until(async () => {
    const arrived = (await to.inbox()).filter((message) => message.from === from.pubkey);
    expect(arrived.map(({ content }) => content)).toEqual(expect.arrayContaining(contents));
    for (const id of ids) expect(await from.stateOf(id)).toBe('delivered');
  });
  return contents;
}

/** Sends messages both ways, and checks that each agent received them once, and nothing else. */
export async function talk(mesh: SocketMesh, alice: SocketAgent, bob: SocketAgent): Promise<void> {
  const asked = await send(mesh, alice, bob, 'one', 'two', 'three');
  const answered = await send(mesh, bob, alice, 'four');
  // Leaves time for anything else that a relay may send.
  await mesh.pass(15_000);
  await expectHeard(bob, alice, asked);
  await expectHeard(alice, bob, answered);
  for (const agent of [alice, bob]) expect(await agent.peers()).toHaveLength(1);
  expect(await bob.peers()).toMatchObject([{ pubkey: alice.pubkey, name: 'alice', online: true }]);
}

/** Checks that the inbox holds exactly these messages, each once, all from this agent. */
export async function expectHeard(
  agent: SocketAgent,
  from: SocketAgent,
  contents: readonly string[],
): Promise<void> {
  const inbox = (await agent.inbox()).filter(({ direction }) => direction === 'in');
  expect(inbox.map(({ content }) => content).sort()).toEqual([...contents].sort());
  expect(new Set(inbox.map((message) => message.from))).toEqual(new Set([from.pubkey]));
}
