import type { Message } from '@ocmesh/shared/contract';
import { createSeededRandom, startHostileRelay, until } from '@ocmesh/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { HANG_TIMEOUT_MS } from './support/hang-timeout.ts';
import { createMesh } from './support/mesh.ts';
import { type Acknowledged, names, startThreeDaemons } from './support/three-daemons.ts';

/** How long things go wrong. */
const CHAOS_MS = Number(process.env['SOAK_PROMISES_MS'] ?? 6_000);
/** The longest outage of a relay or a daemon, and the longest pause before the next. */
const OUTAGE_MS = Math.min(10_000, CHAOS_MS / 6);
/** The longest pause of a writer: a short run writes more often. */
const PAUSE_MS = CHAOS_MS > 60_000 ? 2_500 : 400;
/** Time until the last receipt is there: what a relay lost is sent again after minutes. */
const SETTLE_MS = 600_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
type Daemons = Awaited<ReturnType<typeof startThreeDaemons>>;

it(
  `three daemons killed at random for ${CHAOS_MS / 1000} s, a relay that is killed and one that loses events: every promise holds`,
  async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    console.log(`seed ${seed}`);
    const random = createSeededRandom(seed);
    const mesh = createMesh();
    // In memory: a kill loses what it accepted.
    let relay = await mesh.startRelay();
    const { url } = relay;
    const lossy = await startHostileRelay('loses-at-random', { seed, tuning: { lostShare: 0.2 } });
    onTestFinished(() => lossy.close());
    const daemons = await startThreeDaemons(mesh, [url, lossy.url]);
    const load = daemons.startLoad(() => PAUSE_MS * (0.5 + random.unit() / 2));

    const outage = (): Promise<void> => pause(random.unit() * OUTAGE_MS);
    const killDaemon = (): Promise<void> => daemons.restart(pick(names), outage);
    async function killRelay(): Promise<void> {
      await relay.kill();
      await outage();
      relay = await mesh.startRelay(['--port', new URL(url).port]);
    }
    function pick<T>(items: readonly T[]): T {
      return items[Math.floor(random.unit() * items.length)] as T;
    }
    const endsAt = performance.now() + CHAOS_MS;
    async function repeat(...faults: readonly (() => Promise<void> | void)[]): Promise<void> {
      while (performance.now() < endsAt) {
        await outage();
        await pick(faults)();
      }
    }
    await Promise.all([repeat(killDaemon), repeat(killRelay, lossy.forget, lossy.cut)]);
    await load.stop();

    let open: readonly string[] = [];
    const isSettled = async (): Promise<boolean> => {
      for (const name of names) await daemons.readEven(name);
      open = await findOpen(daemons, load.acknowledged);
      return open.length === 0;
    };
    const moves = () => [open.length, ...open.slice(0, 5)];
    const failure = await until(isSettled, { moves, quietMs: SETTLE_MS / 2, maxMs: SETTLE_MS }).catch(String);
    console.log(`${load.acknowledged.length} acknowledged; the lossy relay lost ${lossy.misdeeds()}`);
    expect([failure, ...(await findDisorder(daemons))]).toEqual([true]);
  },
  HANG_TIMEOUT_MS + CHAOS_MS + SETTLE_MS,
);

/** Returns what is not as promised yet: an acknowledged message that did not arrive, or a receipt that is missing or untrue. */
async function findOpen(daemons: Daemons, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const states = new Map<string, string>();
  const arrived = new Map<string, Message>();
  for (const name of names) {
    for (const { id, delivery } of await daemons.sent(name)) states.set(id, delivery.state);
  }
  for (const [from, to] of daemons.pairs) {
    for (const message of await daemons.received(to, from)) arrived.set(message.id, message);
  }
  return acknowledged.flatMap(({ id, content }) => {
    const message = arrived.get(id);
    if (!message) return [`${content} is ${states.get(id)}, but did not arrive`];
    const right = message.read ? 'read' : 'delivered';
    return states.get(id) === right ? [] : [`${content} is ${states.get(id)}, but was ${right}`];
  });
}

/** Returns messages that came twice, or that REST shows behind a later one of their author. */
async function findDisorder(daemons: Daemons): Promise<string[]> {
  const found: string[] = [];
  for (const [from, to] of daemons.pairs) {
    const contents = (await daemons.received(to, from)).map(({ content }) => content);
    const numbers = contents.map((content) => Number(/\d+$/.exec(content)?.[0]));
    contents.forEach((content, at) => {
      if (contents.indexOf(content) < at) found.push(`${content} came twice`);
      else if ((numbers[at] ?? 0) < (numbers[at - 1] ?? 0))
        found.push(`${content} is behind ${numbers[at - 1]}`);
    });
  }
  return found;
}
