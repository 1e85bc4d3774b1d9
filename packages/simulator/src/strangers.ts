import { toUnixSec } from '@ocmesh/shared/ambient';
import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { privateDm, wrapRumor } from '../../daemon/src/core/identity/gift-wrap.ts';
import type { Machine } from './agents/machine.ts';
import { createChance } from './chance.ts';
import { secretKeyOf } from './crypto/transparent-engine.ts';
import { readStored } from './invariants/messages.ts';
import type { StrangerAct } from './plan/plan.ts';
import type { SimulatedRelay } from './relays/simulated-relay.ts';
import { EPOCH_MS } from './time/machine-clock.ts';
import type { World } from './world.ts';

interface Call {
  readonly machine: Machine;
  readonly relay: SimulatedRelay;
  readonly count: number;
}

type Act = (world: World, call: Call, writer: Writer) => void;

/** Signs and publishes as strangers do. */
interface Writer {
  /** A message by the stranger of this number. */
  message(stranger: number, payload: string | Record<string, unknown>, atSec?: number): void;
  /** A message that was made for other keys. */
  unreadable(stranger: number, text: string): void;
  /** A message in a gift wrap (NIP-17). */
  wrap(stranger: number, text: string): void;
  presence(stranger: number): void;
  publish(event: NostrEvent): void;
  readonly nowSec: number;
}

function createWriter(
  { engine, virtual, plan, strangersTexts }: World,
  { machine, relay }: Call,
): Writer | null {
  const to = machine.pubkey();
  if (!to) return null;
  const nowSec = toUnixSec(EPOCH_MS + virtual.now());
  const chance = createChance(`${plan.seed} strangers ${virtual.now()}`);
  const keyOf = (stranger: number) => secretKeyOf(`${plan.seed} stranger ${stranger}`);
  const publish = (event: NostrEvent): void => relay.inject(event);
  return {
    nowSec,
    publish,
    message(stranger, payload, atSec = nowSec) {
      const secretKey = keyOf(stranger);
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
      const shown = typeof payload === 'string' ? payload : String(payload['body'] ?? '');
      strangersTexts.set(shown, engine.publicKey(secretKey));
      const content = engine.nip04.seal(secretKey, to, text);
      publish(
        engine.sign({ kind: kinds.encryptedDm, created_at: atSec, tags: [['p', to]], content }, secretKey),
      );
    },
    unreadable(stranger, text) {
      const secretKey = keyOf(stranger);
      const content = engine.nip04.seal(secretKey, engine.publicKey(secretKey), text);
      publish(
        engine.sign({ kind: kinds.encryptedDm, created_at: nowSec, tags: [['p', to]], content }, secretKey),
      );
    },
    wrap(stranger, text) {
      const secretKey = keyOf(stranger);
      const author = { secretKey, pubkey: engine.publicKey(secretKey) };
      strangersTexts.set(text, author.pubkey);
      const rumor = privateDm(engine, {
        author: author.pubkey,
        recipients: [to],
        plaintext: text,
        createdAtSec: nowSec,
      });
      const onceKey = secretKeyOf(`${plan.seed} once ${text}`);
      engine.publicKey(onceKey);
      const once = {
        recipient: to,
        secretKey: onceKey,
        seal: (plaintext: string) => engine.nip44.seal(onceKey, to, plaintext),
      };
      publish(wrapRumor({ engine, random: chance }, author, rumor, once, { nowSec }));
    },
    presence(stranger) {
      const tags = [
        ['d', 'ocmesh-presence'],
        ['t', 'ocmesh'],
        ['app', 'ocmesh'],
        ['v', '0.3.0'],
        ['f', 'envelope'],
        ['f', 'receipts'],
      ];
      publish(
        engine.sign(
          { kind: kinds.presence, created_at: nowSec, tags, content: 'ocmesh-agent-online' },
          keyOf(stranger),
        ),
      );
    },
  };
}

const envelope = (body: string, mid: string, more: object = {}): Record<string, unknown> =>
  Object.assign({ type: 'text', v: '0.3.0', body, mid }, more);

/** What clients do that are no agents of ours. */
const acts: Readonly<Record<StrangerAct, Act>> = {
  'junk messages'(world, { count }, { message }) {
    for (let n = 0; n < count; n++) message(n % 7, `junk ${n} at ${world.virtual.now()}`);
  },
  /** Events without effect: their ids are remembered apart. */
  'flood of what nobody can read'(world, { machine, count }, { unreadable }) {
    for (let n = 0; n < 10 * count; n++) unreadable(n % 50, `${world.virtual.now()} ${n} ${machine.name}`);
  },
  /** NIP-17 clients that know nothing of ours. */
  'gift wraps of another client'(world, { count }, { wrap }) {
    for (let n = 0; n < count; n++) wrap(n % 5, `wrapped ${n} at ${world.virtual.now()}`);
  },
  'presences of made-up agents'(_, { count }, { presence }) {
    for (let n = 0; n < count; n++) presence(100 + n);
  },
  /** Of messages to this machine, which the relay may never have seen. */
  'old copies'(world, { machine, count }, { publish }) {
    const mine = world.wire
      .recent()
      .filter(({ tags }) => tags.some(([, value]) => value === machine.pubkey()));
    for (const event of mine.slice(-count)) publish(event);
  },
  'message with the mid of another'(world, { machine, count }, { message, presence }) {
    presence(1);
    const ids = [...readStored(machine, 'in'), ...readStored(machine, 'out')].map(({ id }) => id);
    for (const [n, id] of ids.slice(-count).entries())
      message(1, envelope(`stolen ${n} at ${world.virtual.now()}`, id));
  },
  'receipts for messages of others'(_, { machine, count }, { message }) {
    const ids = readStored(machine, 'out').map(({ id }) => id);
    message(2, { type: 'read', v: '0.3.0', msgIds: ids.slice(-count) });
  },
  /** By three strangers, around the number of hops at which a loop ends. */
  'messages in a loop'(world, _, { message, presence }) {
    for (const hops of [499, 500, 501]) {
      presence(hops);
      const body = `hop ${hops} at ${world.virtual.now()}`;
      message(hops, envelope(body, `loop-${world.virtual.now()}-${hops}`, { auto: true, hops }));
    }
  },
  'message from the future'(world, { count }, { message, nowSec }) {
    for (let n = 0; n < count; n++)
      message(4, `from the future ${n} at ${world.virtual.now()}`, nowSec + 3_600 * (n + 1));
  },
};

export function actAsStranger(world: World, what: StrangerAct, call: Call): void {
  const writer = createWriter(world, call);
  if (writer) acts[what](world, call, writer);
}
