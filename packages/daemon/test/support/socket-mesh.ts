import { startRelay } from '@ocmesh/relay';
import type { Clock, Log, Random } from '@ocmesh/shared/ambient';
import type { EventDraft, NostrEvent } from '@ocmesh/shared/wire';
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
import { createAgent } from '../../src/agent.ts';
import { defaults } from '../../src/config/schema.ts';
import type { RelayNetwork } from '../../src/core/ports/relay-network.ts';
import { createMemoryDisk, type MemoryDisk, openMemoryStore } from './memory-store.ts';

const engine = createWasmEngine();

/** Real time given to sockets, while the fake clock stands still. */
const SOCKET_MS = 1;
/** Step of the fake clock for each of those pauses. */
const STEP_MS = 50;
/** Step of the fake clock for long times in which little happens. */
const STRIDE_MS = 5_000;
/** Time for an agent's stop: longer than it waits for relays. */
const STOP_MS = 15_000;
/** Delay of the honest relay, so that hostile ones come first. */
const HONEST_LATENCY_MS = 50;

/** Most events published between two steps: more means an endless loop. */
const MOST_OFFERS = 1_000;

/** The only place here that creates the daemon's network. */
const openNetwork = (deps: {
  clock: Clock;
  random: Random;
  log: Log;
  sign: (draft: EventDraft) => NostrEvent;
}): RelayNetwork => createRelayNetwork(deps);

/** Agents on relays with real sockets, with a clock that runs many times as fast as real time. */
export async function createSocketMesh() {
  // Near the real time, which the HTTP date of the relays shows.
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
  let offers = 0;

  /** Reports and ends a loop without pauses, which would block this process as it would block the daemon. */
  function guarded(network: RelayNetwork): RelayNetwork {
    return {
      ...network,
      async publish(url, event) {
        if (++offers <= MOST_OFFERS) return network.publish(url, event);
        if (offers === MOST_OFFERS + 1) note(new Error(`offers to ${url} without a pause`));
        return { outcome: 'timeout', reason: null, prefix: null };
      },
    };
  }

  async function tick(ms: number): Promise<void> {
    offers = 0;
    await clock.advance(ms);
    await new Promise((resolve) => setTimeout(resolve, SOCKET_MS));
  }

  /** Advances the fake clock by this much. */
  async function pass(ms: number, stepMs = STEP_MS): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) await tick(Math.min(stepMs, ms - passed));
  }

  /** Advances the fake clock until the check passes; fails with its error if it does not within `withinMs`. */
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
        connect: (sign) => guarded(openNetwork({ clock, random, log, sign })),
        renderMetrics: async () => '',
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
      // A stop waits for relays that do not reply.
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

  /** Starts two agents on these relays that know each other. */
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

/** Sends messages, and waits until all are delivered. @returns the contents, in order */
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

/** Sends messages both ways; each must arrive once, and nothing else. */
export async function talk(mesh: SocketMesh, alice: SocketAgent, bob: SocketAgent): Promise<void> {
  const asked = await send(mesh, alice, bob, 'one', 'two', 'three');
  const answered = await send(mesh, bob, alice, 'four');
  // Other relays may have refused it.
  await mesh.pass(15_000);
  await expectHeard(bob, alice, asked);
  await expectHeard(alice, bob, answered);
  for (const agent of [alice, bob]) expect(await agent.peers()).toHaveLength(1);
  expect(await bob.peers()).toMatchObject([{ pubkey: alice.pubkey, name: 'alice', online: true }]);
}

/** Expects exactly these messages, each once, all from this sender. */
export async function expectHeard(
  agent: SocketAgent,
  from: SocketAgent,
  contents: readonly string[],
): Promise<void> {
  const inbox = (await agent.inbox()).filter(({ direction }) => direction === 'in');
  expect(inbox.map(({ content }) => content).sort()).toEqual([...contents].sort());
  expect(new Set(inbox.map((message) => message.from))).toEqual(new Set([from.pubkey]));
}
