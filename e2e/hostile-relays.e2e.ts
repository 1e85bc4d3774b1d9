import {
  type HostileRelay,
  type HostileRelayName,
  type RunningAgent,
  startHostileRelay,
  until,
} from '@ocmesh/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { HANG_TIMEOUT_MS } from './support/hang-timeout.ts';
import { inbox } from './support/inbox.ts';
import { createMesh } from './support/mesh.ts';
import { residentMb } from './support/resident-memory.ts';

const MESSAGES = Number(process.env['SOAK_HOSTILE_MESSAGES'] ?? 60);
/** Maximum growth of one daemon. */
const MOST_GROWTH_MB = 50;

const names: readonly HostileRelayName[] = [
  'forged-id-first',
  'future-dated',
  'lying-ok',
  'half-open',
  'never-upgrades',
  'auth-storm',
  'notice-instead-of-closed',
  'duplicates-and-reorders',
  'huge-frame',
  'zip-bomb',
  'slow-drip',
  'wrong-filter',
];

const open: HostileRelay[] = [];
afterEach(() => Promise.all(open.splice(0).map((relay) => relay.close())));

async function startHostileRelays(): Promise<readonly HostileRelay[]> {
  open.push(...(await Promise.all(names.map((name, index) => startHostileRelay(name, { seed: index })))));
  return open;
}

describe('twelve hostile relays and an honest one', () => {
  it(
    `carry ${MESSAGES} messages: all arrive, none twice, none forged, and nobody dies`,
    async () => {
      const mesh = createMesh();
      const hostile = await startHostileRelays();
      const honest = await mesh.startRelay();
      const urls = [...hostile.map(({ url }) => url), honest.url];
      const alice = await mesh.startAgent('alice', urls);
      const bob = await mesh.startAgent('bob', urls);
      await mesh.meet(alice, bob);
      await mesh.befriend(alice, bob);
      await mesh.befriend(bob, alice);
      const before = [alice, bob].map(residentMb);

      const startedAt = performance.now();
      const sent: { readonly id: string; readonly from: RunningAgent; readonly content: string }[] = [];
      for (let n = 0; n < MESSAGES; n++) {
        const [from, to] = n % 2 === 0 ? [alice, bob] : [bob, alice];
        const content = `message ${n}`;
        // Sent as the owner: the loop guard would pause two programs that reply this often.
        const { id } = await from.owner.sendMessage({ to: to.pubkey, content });
        sent.push({ id, from, content });
      }
      const from = (agent: RunningAgent): string[] =>
        sent.filter((message) => message.from === agent).map(({ content }) => content);
      let counts: readonly number[] = [];
      await until(
        async () => {
          counts = [(await inbox(alice)).length, (await inbox(bob)).length];
          return (counts[0] ?? 0) >= from(bob).length && (counts[1] ?? 0) >= from(alice).length;
        },
        { moves: () => counts },
      );
      const arrivedMs = performance.now() - startedAt;
      const last = sent.slice(-10);
      const states = () =>
        Promise.all(last.map(async (one) => (await one.from.api.getMessage({ id: one.id })).delivery.state));
      await until(async () => (await states()).every((state) => state === 'delivered'), { moves: states });

      // Leaves time for whatever the relays still send.
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      for (const [reader, writer] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        const heard = await inbox(reader);
        expect(heard.map(({ content }) => content).sort()).toEqual([...from(writer)].sort());
        expect(new Set(heard.map((message) => message.from))).toEqual(new Set([writer.pubkey]));
        const { items } = await reader.api.listPeers({});
        expect(items.map(({ pubkey }) => pubkey)).toEqual([writer.pubkey]);
        expect((await reader.api.getStatus({})).degraded).toBe(false);
        expect(reader.child.exitCode).toBeNull();
      }
      for (const relay of hostile) expect([relay.name, relay.misdeeds() > 0]).toEqual([relay.name, true]);

      const grown = [alice, bob].map((agent, index) => residentMb(agent) - (before[index] ?? 0));
      console.log(
        `${sent.length} messages in ${(arrivedMs / 1000).toFixed(1)} s; memory before ${before.map(Math.round)} MB, grown by ${grown.map(Math.round)} MB`,
      );
      console.log(hostile.map((relay) => `${relay.name} ${relay.misdeeds()}`).join(', '));
      for (const growth of grown) expect(growth).toBeLessThan(MOST_GROWTH_MB);
    },
    HANG_TIMEOUT_MS + MESSAGES * 2_500,
  );
});
