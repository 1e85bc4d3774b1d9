import { createSeededRandom, type RunningAgent, until } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import { HANG_TIMEOUT_MS } from './support/hang-timeout.ts';
import { inbox } from './support/inbox.ts';
import { createMesh } from './support/mesh.ts';

const KILLS = Number(process.env['SOAK_KILLS'] ?? 20);
const WRITERS = 8;
/** Pause between two messages of a writer: slow enough that the receiver keeps up between kills. */
const PAUSE_MS = 80;

/** Sends until stopped; keeps the ids that got their 200. */
function load(api: () => RunningAgent['api'], to: string) {
  const acknowledged = new Map<string, string>();
  const attempted = new Set<string>();
  let running = true;
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let n = 0; running; n++) {
      const content = `writer ${writer} message ${n}`;
      attempted.add(content);
      try {
        const { id } = await api().sendMessage({ to, content });
        acknowledged.set(id, content);
      } catch {
        // Not acknowledged: it may arrive or not. The next one has a new content, so that the count stays exact.
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  });
  return {
    acknowledged,
    attempted,
    async stop() {
      running = false;
      await Promise.all(writers);
    },
  };
}

describe('kill -9 under load', () => {
  it.each(['receiver', 'sender'] as const)(
    `of the %s, ${KILLS} times: what got its 200 arrives exactly once`,
    async (victim) => {
      const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
      const random = createSeededRandom(seed);
      console.log(`seed ${seed}`);
      const mesh = createMesh();
      const relay = await mesh.startRelay();
      let alice = await mesh.startAgent('alice', [relay.url]);
      let bob = await mesh.startAgent('bob', [relay.url]);
      await mesh.meet(alice, bob);
      await mesh.befriend(bob, alice);

      const { acknowledged, attempted, stop } = load(() => alice.api, bob.pubkey);
      for (let kill = 0; kill < KILLS; kill++) {
        // A slow machine does less between two kills, so each kill waits for some messages.
        const before = acknowledged.size;
        await until(() => acknowledged.size >= before + 2);
        await new Promise((resolve) => setTimeout(resolve, 50 + random.unit() * 300));
        if (victim === 'receiver') {
          await bob.kill();
          bob = await mesh.startAgent('bob', [relay.url]);
        } else {
          await alice.kill();
          alice = await mesh.startAgent('alice', [relay.url]);
        }
      }
      await stop();

      expect(acknowledged.size).toBeGreaterThan(KILLS);
      let count = 0;
      const allThere = async () => {
        const messages = await inbox(bob);
        count = messages.length;
        const ids = new Set(messages.map(({ id }) => id));
        return [...acknowledged.keys()].every((id) => ids.has(id)) && messages;
      };
      const arrived = await until(allThere, { moves: () => `${count} of ${acknowledged.size} arrived` });
      expect(new Set(arrived.map(({ id }) => id)).size).toBe(arrived.length);
      expect(new Set(arrived.map(({ content }) => content)).size).toBe(arrived.length);
      // Nothing is made up, and no id has another's content.
      expect(arrived.filter(({ content }) => !attempted.has(content))).toEqual([]);
      for (const { id, content } of arrived) expect(acknowledged.get(id) ?? content).toBe(content);
      console.log(`${victim}: ${acknowledged.size} acknowledged, ${arrived.length} arrived`);
    },
    HANG_TIMEOUT_MS + KILLS * 30_000,
  );
});
