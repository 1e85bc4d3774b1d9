import type { NostrEvent } from '@ocmesh/shared/wire';
import { createFakeClock, createSeededRandom } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createWasmEngine } from '../../src/adapters/crypto/wasm-engine.ts';
import { createAgent } from '../../src/agent.ts';
import { defaults } from '../../src/config/schema.ts';
import { createFakePeer, modern } from '../support/fake-peer.ts';
import { createMemoryDisk, openMemoryStore } from '../support/memory-store.ts';
import { mutate } from '../support/mutate.ts';
import { createProtocolNetwork } from '../support/protocol-network.ts';
import { seededChance } from '../support/seed.ts';
import { watchProcess } from '../support/watch-process.ts';

// Sends broken frames of a relay to a whole agent: the real frame parser, core and store.

const FRAMES = Number(process.env['SOAK_FRAMES'] ?? 10_000);
/** Frames after which the parser has reached its final memory use. */
const WARM_UP = Math.max(2_000, FRAMES / 5);
/** Frames that one turn handles. */
const AT_ONCE = 64;
const MINUTE_MS = 60_000;

async function startAgent() {
  const clock = createFakeClock();
  const errors: string[] = [];
  const quiet = (): void => {};
  const log = { debug: quiet, info: quiet, warn: quiet, error: (text: string) => void errors.push(text) };
  const store = await openMemoryStore(createMemoryDisk(), { clock, log });
  let played = null as ReturnType<typeof createProtocolNetwork> | null;
  const agent = await createAgent(
    {
      store,
      engine: createWasmEngine(),
      clock,
      random: createSeededRandom(1),
      renderMetrics: async () => '',
      prove: async () => ({ proof: '', token_proof: null }),
      log,
      connect(sign) {
        played = createProtocolNetwork({ clock, log, sign });
        return played.network;
      },
    },
    { ...defaults, relays: ['wss://one.test'] },
  );
  await agent.start();
  if (!played) throw new Error('the agent asked for no network');
  return { agent, clock, errors, store, relay: played };
}

test(`${FRAMES} broken frames of a relay do no harm`, { timeout: 3_600_000 }, async () => {
  const chance = seededChance('relay frames');
  const watch = watchProcess('relay frames');
  const { agent, clock, errors, relay } = await startAgent();
  const { pubkey } = agent.identity;
  const fakePeers = ['bob', 'carol', 'dave'].map((name) => createFakePeer(name, clock));

  /** Valid frames of a relay. */
  function* originals(): Generator<string> {
    for (const fakePeer of fakePeers) {
      const events = [
        fakePeer.presence({ features: modern, name: fakePeer.pubkey.slice(0, 8) }),
        fakePeer.presence({ kind: 1 }),
        fakePeer.dm(pubkey, 'plain text'),
        fakePeer.dm(pubkey, {
          type: 'text',
          body: 'a message',
          mid: `mid-${fakePeer.pubkey}`,
          seq: 1,
          ts: clock.now(),
        }),
        fakePeer.dm(pubkey, {
          type: 'intro',
          name: 'x',
          features: modern,
          v: '0.3.0',
          capabilities: ['chat'],
        }),
        fakePeer.dm(pubkey, { type: 'delivered', msgIds: ['a', 'b'] }),
        fakePeer.sign({ kind: 10_050, tags: [['relay', 'wss://a.test']] }),
        fakePeer.sign({ kind: 10_002, tags: [['r', 'wss://a.test', 'read']] }),
        fakePeer.sign({ kind: 1059, tags: [['p', pubkey]], content: 'no seal' }),
      ];
      for (const event of events)
        for (const name of ['dm', 'presence', 'q1']) yield JSON.stringify(['EVENT', name, event]);
    }
    for (const name of ['dm', 'presence', 'q1', '']) {
      yield JSON.stringify(['EOSE', name]);
      for (const words of ['auth-required: x', 'restricted: x', 'error: too many', ''])
        yield JSON.stringify(['CLOSED', name, words]);
    }
    for (const words of ['rate-limited: 5 s', 'blocked: x', 'duplicate:', 'pow: 20', ''])
      yield JSON.stringify(['OK', 'ab'.repeat(32), words === '', words]);
    yield JSON.stringify(['AUTH', 'challenge']);
    yield JSON.stringify(['NOTICE', 'slow down']);
  }
  const frames = [...originals()];

  const payloads = [
    {
      type: 'text',
      body: 'a message',
      mid: 'mid-1',
      seq: 1,
      ts: clock.now(),
      thread: 'x',
      replyTo: 'y',
      data: { a: 1 },
    },
    { type: 'intro', name: 'x', features: modern, v: '0.3.0', capabilities: ['chat'], about: 'z' },
    { type: 'profile', name: 'x', about: 'y', capabilities: ['chat'] },
    { type: 'delivered', msgIds: ['a', 'b'] },
    { type: 'read', msgId: 'a' },
    { type: 'ping' },
    { type: 'ocmesh-hello', version: '0.3.0', from: pubkey },
  ].map((payload) => JSON.stringify(payload));

  /** A correctly signed and encrypted event: only its content is wrong. */
  function authentic(): NostrEvent {
    const fakePeer = chance.pick(fakePeers);
    if (chance.happens(0.2))
      return fakePeer.sign({
        kind: 4,
        tags: [['p', pubkey]],
        content: mutate('c2VhbGVk?iv=bm9uZQ==', chance),
      });
    if (chance.happens(0.5)) return fakePeer.dm(pubkey, mutate(chance.pick(payloads), chance));
    const { kind, tags, content } = fakePeer.presence({ features: modern, name: 'x', expiration: 1e10 });
    const draft = {
      kind: chance.pick([kind, kind, 1, 10_002, 10_050, 1059]),
      content: mutate(content, chance),
      tags,
    };
    try {
      const spoiled = JSON.parse(mutate(JSON.stringify(tags), chance));
      return fakePeer.sign({ ...draft, tags: spoiled });
    } catch {
      return fakePeer.sign(draft);
    }
  }

  async function hear(count: number): Promise<void> {
    for (let heard = 0; heard < count; heard++) {
      // Some of the frames belong to our subscriptions.
      const own = relay.takeSent().slice(-4);
      if (chance.below(20) === 0)
        frames.push(...own.map((frame) => frame.replace(/^\["(REQ|EVENT)"/, '["OK"')));
      if (frames.length > 300) frames.splice(150, 100);
      const frame = chance.happens(0.1)
        ? JSON.stringify(['EVENT', chance.pick(['dm', 'presence']), authentic()])
        : mutate(chance.pick(frames), chance);
      relay.hear(frame);
      if (heard % AT_ONCE > 0) continue;
      await clock.advance(0);
      if (chance.below(20) === 0) relay.reconnect();
      if (chance.below(20) === 0) await clock.advance(MINUTE_MS);
    }
  }

  await hear(WARM_UP);
  await watch.begin();
  await hear(FRAMES);
  await watch.expectUnharmed();
  expect(errors).toEqual([]);

  const { refused_events } = await agent.handlers.getStatus({});
  console.log(`relay frames: ${JSON.stringify(refused_events)}`);
  // Frames reached every stage of the checks.
  expect(refused_events).toMatchObject({
    garbage_frame: expect.any(Number),
    unasked: expect.any(Number),
    malformed: expect.any(Number),
    bad_signature: expect.any(Number),
    undecryptable: expect.any(Number),
  });

  // The agent still receives messages.
  relay.reconnect();
  await clock.advance(MINUTE_MS);
  const eve = createFakePeer('eve', clock);
  relay.hear(JSON.stringify(['EVENT', 'dm', eve.dm(pubkey, 'are you there?')]));
  for (let turn = 0; turn < 10; turn++) await clock.advance(0);
  const { items } = await agent.handlers.listMessages({ from: eve.pubkey });
  expect(items).toMatchObject([{ content: 'are you there?' }]);
});
