import { toUnixSec } from '@ocmesh/shared/ambient';
import { type NostrEvent, tagValues } from '@ocmesh/shared/wire';
import { actor, createSeededRandom } from '@ocmesh/testkit';
import { createWasmEngine } from '../../src/adapters/crypto/wasm-engine.ts';
import { createIdentity } from '../../src/core/identity/identity.ts';
import {
  createTestMesh,
  settle,
  type TestAgent,
  type TestAgentOptions,
  type TestMesh,
} from './test-agent.ts';

/** A person with a Nostr app: no presence, no ocmesh, nothing but private messages (NIP-17). */
export function createPhone({ clock, mesh, relay }: TestMesh, name = 'phone') {
  const engine = createWasmEngine();
  const { secretKey } = actor(name);
  const identity = createIdentity({ engine, random: createSeededRandom(3), clock }, secretKey);
  const wrap = (agent: Pick<TestAgent, 'pubkey'>, text: string, dateSec = toUnixSec(clock.now())) =>
    identity.sealDm(agent.pubkey, text, dateSec, 'nip17').event;

  const isForUs = (event: NostrEvent): boolean => tagValues(event, 'p').includes(identity.pubkey);
  const addressed = (): NostrEvent[] => [
    ...new Map(
      mesh.relays
        .flatMap(({ offered }) => offered)
        .filter(isForUs)
        .map((event) => [event.id, event]),
    ).values(),
  ];

  return {
    pubkey: identity.pubkey,
    npub: identity.npub,
    identity,
    wrap,
    /** Sends a private message, and waits until the agent has handled it. */
    async send(agent: Pick<TestAgent, 'pubkey'>, text: string): Promise<NostrEvent> {
      const event = wrap(agent, text);
      relay.push(event);
      await settle(clock);
      return event;
    },
    /** Everything on the relays that is addressed to this key. */
    addressed,
    /** The messages it shows, in order. */
    texts: (): string[] => addressed().map((event) => identity.openDm(event).plaintext),
    last: (): string => identity.openDm(addressed().at(-1) as NostrEvent).plaintext,
  };
}

export type Phone = ReturnType<typeof createPhone>;

/** Names the phone at the computer and sends the code back. */
export async function confirmPhone(world: TestMesh, agent: TestAgent, phone: Phone): Promise<void> {
  const { code } = await agent.setOwner({ pubkey: phone.npub });
  await settle(world.clock);
  await phone.send(agent, code as string);
}

/** A policy under which the owner decides about strangers, in both directions. */
export const ask = { strangers: 'ask', first_contact: 'ask' } as const;

/** An agent that asks about strangers, and its owner's confirmed phone. */
export async function withPhone(options: TestAgentOptions = {}) {
  const world = createTestMesh();
  const agent = await world.start({ name: 'alice', config: ask, ...options });
  const phone = createPhone(world);
  await confirmPhone(world, agent, phone);
  /** Lets strangers write, and what follows from it reach the phone. */
  const write = async (name: string, text: string) => {
    const stranger = world.fakePeer(name);
    world.relay.push(stranger.wrap(agent.pubkey, text));
    await settle(world.clock);
    return stranger;
  };
  const knock = async (name: string, text: string) => {
    const stranger = await write(name, text);
    await world.clock.advance(61_000);
    return stranger;
  };
  return { world, agent, phone, write, knock };
}
