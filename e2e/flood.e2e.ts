import { OcmeshError } from '@ocmesh/shared/contract';
import { measureSlowdown, until, watchSlowdown } from '@ocmesh/testkit';
import { afterEach, expect, it } from 'vitest';
import { type FloodedRelay, startFloodedRelay } from './support/flooded-relay.ts';
import { HANG_TIMEOUT_MS } from './support/hang-timeout.ts';
import { createMesh } from './support/mesh.ts';
import { residentMb } from './support/resident-memory.ts';

/** Number of made-up keys; one in a hundred signs. */
const KEYS = Number(process.env['SOAK_FLOOD_KEYS'] ?? 20_000);
/** Below the inbound limit of a connection: any excess would wait in the network, along with other messages. */
const PER_SECOND = 4_000;
const MESSAGE_EVERY_MS = 200;
const MOST_GROWTH_MB = 50;
const MOST_LATENCY_MS = 2_000;
/** Four announcement intervals; more on a busy machine. */
const ONLINE_WINDOW_SEC = 8;
const MINUTE_MS = 60_000;

const open = new Set<FloodedRelay>();
afterEach(async () => {
  for (const relay of open) await relay.close();
  open.clear();
});

/** Repeats a call once: a kept-alive socket may close just as it is reused. */
const twice = <T>(call: () => Promise<T>): Promise<T> =>
  call().catch((error) => {
    if (error instanceof OcmeshError && error.code === 'daemon_down') return call();
    throw error;
  });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it(
  `${KEYS} made-up agents on the only relay: bounded memory and hellos, and contacts' messages arrive in time`,
  async () => {
    const mesh = createMesh();
    // With NIP-42, AUTH would name the other relay's address.
    const quiet = await mesh.startRelay(['--open-dms']);
    const flooded = await startFloodedRelay(quiet.url, KEYS);
    open.add(flooded);
    // Short, so that a lost sign of life shows.
    const windowSec = Math.ceil(ONLINE_WINDOW_SEC * (await measureSlowdown()));
    const environment = {
      OCMESH_ANNOUNCE_INTERVAL_S: '2',
      OCMESH_ONLINE_WINDOW_S: String(windowSec),
      // Within the usual budget, the relay would soon be sampled: the flood must be harmless without.
      OCMESH_DISCOVERY_BUDGET_MB_PER_DAY: '10000',
    };
    const alice = await mesh.startAgent('alice', [quiet.url], environment);
    const bob = await mesh.startAgent('bob', [flooded.url], environment);
    await mesh.meet(alice, bob);
    await mesh.befriend(bob, alice);
    // The hello to alice is not part of the flood.
    const before = flooded.written.length;
    const atRest = residentMb(bob);

    let isOver = false;
    const flood = flooded.flood(PER_SECOND).finally(() => {
      isOver = true;
    });
    const sentAt = new Map<string, number>();
    const latencies: number[] = [];
    let most = atRest;
    let lostSight = 0;

    async function talk(): Promise<void> {
      for (let n = 0; !isOver; n++) {
        sentAt.set(`m${n}`, performance.now());
        const message = { to: bob.pubkey, content: `m${n}`, idempotency_key: `m${n}` };
        await twice(() => alice.api.sendMessage(message));
        await pause(MESSAGE_EVERY_MS);
      }
    }
    async function listen(): Promise<void> {
      let after = '0';
      while (!isOver || latencies.length < sentAt.size) {
        const waited = await twice(() => bob.api.waitForMessages({ after, timeout_s: 1 }));
        after = waited.cursor;
        for (const { content } of waited.messages) {
          latencies.push(performance.now() - (sentAt.get(content) ?? 0));
        }
      }
    }
    async function watch(): Promise<void> {
      while (!isOver) {
        most = Math.max(most, residentMb(bob));
        const { online } = await twice(() => bob.api.getPeer({ pubkey: alice.pubkey }));
        if (!online) lostSight++;
        await pause(1_000);
      }
    }
    const slowdown = watchSlowdown();
    await Promise.all([flood, talk(), listen(), watch()]);
    const { factor: busy } = await slowdown.stop();
    const status = await twice(() => bob.api.getStatus({}));
    await until(async () => (await bob.api.getPeer({ pubkey: alice.pubkey })).online);

    const p99 = latencies.sort((a, b) => a - b)[Math.ceil(latencies.length * 0.99) - 1] ?? 0;
    const writes = flooded.written
      .slice(before)
      .filter(({ event }) => event.kind === 4 || event.kind === 1059)
      .filter(({ event }) => !event.tags.some(([, value]) => value === alice.pubkey));
    // A late OK causes a retry of the same bytes, which is one hello.
    const ids = writes.map(({ event }) => event.id);
    const hellosAt = writes.filter((_, at) => ids.indexOf(ids[at] ?? '') === at).map(({ atMs }) => atMs);
    const inAnyMinute = hellosAt.map(
      (from) => hellosAt.filter((atMs) => atMs >= from && atMs < from + MINUTE_MS).length,
    );
    console.log(
      `${KEYS} keys: ${latencies.length} messages, p99 ${p99.toFixed(0)} ms on a machine ${busy.toFixed(1)} times slower than idle; memory ${atRest.toFixed(0)} MB, at most ${(most - atRest).toFixed(0)} more; ` +
        `${status.known_peer_count} peers, ${hellosAt.length} hellos in ${writes.length} writes, at most ${Math.max(0, ...inAnyMinute)} a minute; refused ${JSON.stringify(status.refused_events)}`,
    );
    expect(latencies).toHaveLength(sentAt.size);
    expect(p99).toBeLessThan(MOST_LATENCY_MS * busy);
    expect(most - atRest).toBeLessThan(MOST_GROWTH_MB);
    expect(lostSight).toBe(0);
    expect(hellosAt.length).toBeGreaterThan(0);
    expect(Math.max(...inAnyMinute)).toBeLessThanOrEqual(6);
    expect(status.known_peer_count).toBeLessThanOrEqual(10_000);
    expect(status.refused_events['rate_limited']).toBeGreaterThan(KEYS / 4);
  },
  HANG_TIMEOUT_MS + KEYS * 10,
);
