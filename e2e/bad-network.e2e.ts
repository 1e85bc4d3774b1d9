import {
  type ChaosProxy,
  type Running,
  type RunningAgent,
  startChaosProxy,
  until,
  watchSlowdown,
} from '@ocmesh/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { HANG_TIMEOUT_MS } from './support/hang-timeout.ts';
import { createMesh } from './support/mesh.ts';

const RELAYS = 5;
/** Restarts of a relay, one after the other. */
const RESTARTS = Number(process.env['SOAK_RESTARTS'] ?? 4);
const RESTART_EVERY_MS = Number(process.env['SOAK_RESTART_EVERY_MS'] ?? 2_000);
/** Longer than the 15 s after which the daemon calls itself degraded. */
const DARK_MS = Number(process.env['SOAK_DARK_MS'] ?? 17_000);
const CHAOS_MESSAGES = Number(process.env['SOAK_CHAOS_MESSAGES'] ?? 60);
const PARTITIONS = Number(process.env['SOAK_PARTITIONS'] ?? 2);
const PARTITION_MS = Number(process.env['SOAK_PARTITION_MS'] ?? 3_000);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts two agents on five relays that can be restarted. */
async function onFiveRelays() {
  const mesh = createMesh();
  const relays = await Promise.all(Array.from({ length: RELAYS }, () => mesh.startRelay()));
  const urls = relays.map(({ url }) => url);
  const alice = await mesh.startAgent('alice', urls);
  const bob = await mesh.startAgent('bob', urls);
  await mesh.meet(alice, bob);
  await mesh.befriend(bob, alice);
  const start = async (index: number): Promise<void> => {
    relays[index] = await mesh.startRelay(['--port', new URL(urls[index] as string).port]);
  };
  return { alice, bob, relays: relays as Running[], start };
}

/** Records each message and when it arrived. */
function listen({ api }: RunningAgent) {
  const arrived = new Map<string, number>();
  let twice = 0;
  let stopped = false;
  const done = (async () => {
    let cursor: string | undefined;
    while (!stopped) {
      const after = cursor === undefined ? {} : { after: cursor };
      const waited = await api.waitForMessages({ timeout_s: 1, ...after });
      cursor = waited.cursor;
      for (const { content } of waited.messages) {
        if (arrived.has(content)) twice++;
        else arrived.set(content, performance.now());
      }
    }
  })();
  return {
    arrived,
    twice: () => twice,
    async stop() {
      stopped = true;
      await done;
    },
  };
}

/** Sends a message at intervals until stopped. @returns when each got its 200 */
function talk(from: RunningAgent, to: RunningAgent, label: string, everyMs: number) {
  const sent = new Map<string, number>();
  let stopped = false;
  const done = (async () => {
    for (let n = 0; !stopped; n++) {
      const content = `${label} ${n}`;
      await from.api.sendMessage({ to: to.pubkey, content });
      sent.set(content, performance.now());
      await pause(everyMs);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await done;
      return sent;
    },
  };
}

/** Checks an upper bound of wall time, scaled by how busy the machine is. */
async function expectWithin(ms: number, mostMs: number, slowdown: ReturnType<typeof watchSlowdown>) {
  const { factor, samples } = await slowdown.stop();
  const shown = samples.map((one) => one.toFixed(1)).join(' ');
  console.log(`${ms.toFixed(0)} ms; at most ${mostMs} ms × ${factor.toFixed(1)} (slowdown ${shown})`);
  expect(ms).toBeLessThan(mostMs * factor);
}

const p99 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1] ?? 0;

describe('five relays', () => {
  it('with any four of them down, messages arrive within 3 s', async () => {
    const { alice, bob, relays, start } = await onFiveRelays();
    const heard = listen(bob);
    const slowdown = watchSlowdown();
    const times: number[] = [];
    for (let survivor = 0; survivor < RELAYS; survivor++) {
      const others = relays.flatMap((_, index) => (index === survivor ? [] : [index]));
      await Promise.all(others.map((index) => (relays[index] as Running).kill()));
      for (let n = 0; n < 10; n++) {
        const content = `only ${survivor} is left, ${n}`;
        const sentAt = performance.now();
        await alice.api.sendMessage({ to: bob.pubkey, content });
        times.push((await until(() => heard.arrived.get(content))) - sentAt);
      }
      await Promise.all(others.map(start));
      const isWhole = async ({ api }: RunningAgent) =>
        (await api.listRelays({})).every(({ carries_dms }) => carries_dms);
      // 5 min is the longest pause; after a short absence it is seconds.
      await until(async () => (await isWhole(alice)) && (await isWhole(bob)));
    }
    await heard.stop();
    expect(heard.twice()).toBe(0);
    await expectWithin(p99(times), 3_000, slowdown);
  });

  it(
    `restarted in turn, ${RESTARTS} times: everything arrives, within 3 s`,
    async () => {
      const { alice, bob, relays, start } = await onFiveRelays();
      const slowdown = watchSlowdown();
      const heard = listen(bob);
      const talking = talk(alice, bob, 'rolling', 50);
      for (let n = 0; n < RESTARTS; n++) {
        await pause(RESTART_EVERY_MS);
        await (relays[n % RELAYS] as Running).kill();
        await start(n % RELAYS);
      }
      const sent = await talking.stop();
      const moves = () => heard.arrived.size;
      await until(() => [...sent.keys()].every((content) => heard.arrived.has(content)), { moves });
      await heard.stop();
      const times = [...sent].map(([content, at]) => (heard.arrived.get(content) as number) - at);
      console.log(`${sent.size} messages`);
      expect(heard.twice()).toBe(0);
      await expectWithin(p99(times), 3_000, slowdown);
    },
    HANG_TIMEOUT_MS + RESTARTS * RESTART_EVERY_MS * 10,
  );

  it(
    `all down for ${DARK_MS / 1000} s: what is sent is kept, and arrives within 10 s after the first returns`,
    async () => {
      const { alice, bob, relays, start } = await onFiveRelays();
      const heard = listen(bob);
      await Promise.all(relays.map((relay) => relay.kill()));
      const darkAt = performance.now();
      const contents = Array.from({ length: 20 }, (_, n) => `in the dark ${n}`);
      for (const content of contents) {
        expect(await alice.api.sendMessage({ to: bob.pubkey, content })).toMatchObject({ state: 'queued' });
      }
      await pause(DARK_MS - (performance.now() - darkAt));
      const status = await fetch(`${alice.url}/status`);
      expect(status.status).toBe(503);
      expect(await status.json()).toMatchObject({ degraded: true, reasons: [{ code: 'no_relay' }] });
      const slowdown = watchSlowdown();
      await start(2);
      const backAt = performance.now();
      const moves = () => heard.arrived.size;
      await until(() => contents.every((content) => heard.arrived.has(content)), { moves });
      await expectWithin(performance.now() - backAt, 10_000, slowdown);
      await heard.stop();
      expect(heard.twice()).toBe(0);
    },
    HANG_TIMEOUT_MS + DARK_MS,
  );
});

describe('a bad network between each agent and the relay', () => {
  const proxies: ChaosProxy[] = [];
  afterEach(() => Promise.all(proxies.splice(0).map((proxy) => proxy.close())));

  it(
    `that stalls three of ten chunks and breaks ${PARTITIONS} times: ${CHAOS_MESSAGES} messages arrive within 15 s after the last heal`,
    async () => {
      const mesh = createMesh();
      // Without NIP-42: through the proxy, AUTH would name the wrong address.
      const relay = await mesh.startRelay(['--open-dms']);
      const behind = async (seed: number): Promise<ChaosProxy> => {
        const proxy = await startChaosProxy({ relayUrl: relay.url, seed });
        proxies.push(proxy);
        return proxy;
      };
      const [one, two] = [await behind(1), await behind(2)];
      const alice = await mesh.startAgent('alice', [one.url]);
      const bob = await mesh.startAgent('bob', [two.url]);
      await mesh.meet(alice, bob);
      await mesh.befriend(bob, alice);
      for (const proxy of proxies) proxy.set({ latencyMs: 20, jitterMs: 30, stallChance: 0.3, stallMs: 300 });
      const heard = listen(bob);

      const contents = Array.from({ length: CHAOS_MESSAGES }, (_, n) => `through the storm ${n}`);
      const share = Math.ceil(CHAOS_MESSAGES / PARTITIONS);
      for (let n = 0; n < PARTITIONS; n++) {
        const broken = n % 3 === 0 ? proxies : [proxies[n % 2] as ChaosProxy];
        for (const proxy of broken) proxy.partition();
        const endMs = performance.now() + PARTITION_MS;
        for (const content of contents.slice(n * share, (n + 1) * share)) {
          await alice.api.sendMessage({ to: bob.pubkey, content });
        }
        await pause(endMs - performance.now());
        for (const proxy of broken) proxy.heal();
        await pause(1_000);
      }
      const slowdown = watchSlowdown();
      const healedAt = performance.now();
      const moves = () => heard.arrived.size;
      await until(() => contents.every((content) => heard.arrived.has(content)), { moves });
      await expectWithin(performance.now() - healedAt, 15_000, slowdown);
      const stalls = proxies.reduce((sum, proxy) => sum + proxy.stats().stalls, 0);
      console.log(`${stalls} stalls`);
      await heard.stop();
      expect(heard.twice()).toBe(0);
      expect(heard.arrived.size).toBe(CHAOS_MESSAGES);
      expect(stalls).toBeGreaterThan(10);
    },
    HANG_TIMEOUT_MS + PARTITIONS * PARTITION_MS * 10,
  );
});
