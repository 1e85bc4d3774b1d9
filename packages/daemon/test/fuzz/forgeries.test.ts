import type { EventDraft, NostrEvent } from '@ocmesh/shared/wire';
import { type Actor, actor, createSeededRandom } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createWasmEngine } from '../../src/adapters/crypto/wasm-engine.ts';
import { privateDm } from '../../src/core/identity/gift-wrap.ts';
import { modern } from '../support/fake-peer.ts';
import { type Chance, seededChance } from '../support/seed.ts';
import { createTestMesh } from '../support/test-agent.ts';
import { watchProcess } from '../support/watch-process.ts';

// Messages of Bob, altered by a forger who has everything but Bob's secret key: at every layer, every field. None may
// arrive, whatever the forger signs around it.

const FORGERIES = Number(process.env['SOAK_FORGERIES'] ?? 1_000);
/** Many times as many as are verified in one turn. */
const AT_ONCE = 160;
const TURNS = 12;

const engine = createWasmEngine();
const bob = actor('bob');
const eve = actor('eve');

type Fields = Record<string, unknown>;

/** Changes a field, removes it, or copies it from another event. */
function spoil(fields: Fields, other: Fields, chance: Chance): Fields {
  const name = chance.pick(Object.keys(fields));
  const { [name]: value, ...rest } = fields;
  const spoiled = chance.pick([
    rest,
    { ...fields, [name]: other[name] },
    { ...fields, [name]: otherValue(value, chance) },
  ]);
  return JSON.stringify(spoiled) === JSON.stringify(fields) ? spoil(fields, other, chance) : spoiled;
}

function otherValue(value: unknown, chance: Chance): unknown {
  const { below, pick } = chance;
  if (typeof value === 'number')
    return pick([value + 1, value - 1, -value, 0, value + 0.5, String(value), 2 ** 53, null]);
  if (typeof value !== 'string')
    return pick([[], [['p', eve.pubkey]], [...(value as unknown[]), ['x', 'y']], null, {}, '[]']);
  const at = below(value.length);
  const changed = value[at] === '0' ? '1' : '0';
  return pick([
    value.slice(0, at) + changed + value.slice(at + 1),
    value.slice(0, at),
    `${value}0`,
    value.toUpperCase() === value ? value.toLowerCase() : value.toUpperCase(),
    value.split('').reverse().join(''),
    [value],
    '',
  ]);
}

/** Changes some of the encrypted bytes. Bytes, not base64 letters: different letters can decode to the same bytes. */
function spoilBytes(base64: string, { below, happens }: Chance): string {
  const bytes = Buffer.from(base64, 'base64');
  if (happens(0.2)) return bytes.subarray(0, below(bytes.length)).toString('base64');
  if (happens(0.1)) return Buffer.concat([bytes, Buffer.from([below(256)])]).toString('base64');
  for (let times = 1 + below(3); times > 0; times--) {
    const at = below(bytes.length);
    bytes[at] = ((bytes[at] ?? 0) + 1 + below(255)) % 256;
  }
  return bytes.toString('base64');
}

test(`${FORGERIES} altered gift wraps and NIP-04 events: none arrives`, { timeout: 3_600_000 }, async () => {
  const chance = seededChance('forgeries');
  const watch = watchProcess('forgeries');
  const random = createSeededRandom(chance.below(2 ** 31));
  const world = createTestMesh();
  const agent = await world.start();
  const nowSec = (): number => Math.floor(world.clock.now() / 1000);
  const sign = (by: Actor, draft: Partial<EventDraft>): NostrEvent =>
    engine.sign({ kind: 1, tags: [], content: '', created_at: nowSec(), ...draft }, by.secretKey);
  const fakePeer = world.fakePeer('bob');
  world.relay.push(fakePeer.presence({ features: [...modern, 'nip17'], name: 'Bob' }));
  for (let turn = 0; turn < TURNS; turn++) await world.clock.advance(0);

  const rumorOf = (content: string) =>
    privateDm(engine, {
      author: bob.pubkey,
      recipients: [agent.pubkey],
      plaintext: content,
      createdAtSec: nowSec(),
    });
  const seal = (by: Actor, text: string, draft: Partial<EventDraft> = {}): NostrEvent =>
    sign(by, { kind: 13, content: engine.nip44.seal(by.secretKey, agent.pubkey, text), ...draft });
  function wrap(text: string, draft: Partial<EventDraft> = {}): NostrEvent {
    const once = { ...eve, secretKey: random.bytes(32) };
    const content = engine.nip44Once.sealer(once.secretKey, agent.pubkey)(text);
    return sign(once, { kind: 1059, tags: [['p', agent.pubkey]], content, ...draft });
  }

  /** Messages as Bob wrote them. The forger has seen them all, including their content. */
  const genuine = ['one', 'two', 'three'].map((content) => {
    const rumor = rumorOf(content);
    const sealed = seal(bob, JSON.stringify(rumor));
    const kind4 = fakePeer.dm(agent.pubkey, { type: 'text', body: content, mid: `mid-${content}` });
    return { rumor, sealed, wrapped: wrap(JSON.stringify(sealed)), kind4 };
  });

  const forgers: Record<string, () => unknown> = {
    'a field of the wrap': () => spoil({ ...pickOne().wrapped }, { ...pickOne().wrapped }, chance),
    'a field of the NIP-04 event': () => spoil({ ...pickOne().kind4 }, { ...pickOne().kind4 }, chance),
    'the bytes of the NIP-04 event': () => {
      const { kind4 } = pickOne();
      const [sealed = '', iv = ''] = kind4.content.split('?iv=');
      return {
        ...kind4,
        content: chance.happens(0.5)
          ? `${spoilBytes(sealed, chance)}?iv=${iv}`
          : `${sealed}?iv=${spoilBytes(iv, chance)}`,
      };
    },
    'the bytes of the wrap, re-signed': () => {
      const once = { ...eve, secretKey: random.bytes(32) };
      const content = engine.nip44Once.sealer(once.secretKey, agent.pubkey)(JSON.stringify(pickOne().sealed));
      return sign(once, { kind: 1059, tags: [['p', agent.pubkey]], content: spoilBytes(content, chance) });
    },
    'the wrap signed by another key': () => sign(eve, { ...pickOne().wrapped }),
    'a field of the seal': () => {
      const { sealed } = pickOne();
      return wrap(JSON.stringify(spoil({ ...sealed }, { ...pickOne().sealed }, chance)));
    },
    'the bytes of the seal': () => {
      const { sealed } = pickOne();
      return wrap(JSON.stringify({ ...sealed, content: spoilBytes(sealed.content, chance) }));
    },
    'the seal signed by another key': () => wrap(JSON.stringify(sign(eve, { ...pickOne().sealed }))),
    'a message in Bob’s name': () =>
      wrap(JSON.stringify(seal(eve, JSON.stringify(rumorOf(`forged ${chance.below(1e9)}`))))),
    'a field of the message, in Bob’s name': () => {
      const spoiled = spoil({ ...pickOne().rumor }, { ...rumorOf('another') }, chance);
      return wrap(JSON.stringify(seal(eve, JSON.stringify({ ...spoiled, pubkey: bob.pubkey }))));
    },
    'a message without a seal': () => wrap(JSON.stringify(pickOne().rumor)),
    'a wrap in a wrap': () => wrap(JSON.stringify(pickOne().wrapped)),
    'a seal without a wrap': () => ({ ...pickOne().sealed }),
    'a message sealed by Bob with a false key, kind or id': () => {
      // Even the author may not claim another key, kind or id.
      const { rumor } = pickOne();
      const change = chance.pick([
        { pubkey: eve.pubkey },
        { kind: chance.pick([1, 4, 13, 16]) },
        { id: 'ab'.repeat(32) },
        { tags: [['p', eve.pubkey]] },
        { created_at: -1 },
        { content: null },
      ]);
      const changed = { ...rumor, ...(change as Partial<typeof rumor>) };
      return wrap(
        JSON.stringify(seal(bob, JSON.stringify({ ...changed, id: engine.eventId(changed), ...change }))),
      );
    },
  };
  const kinds = Object.values(forgers);
  const pickOne = () => chance.pick(genuine);

  async function push(events: readonly unknown[]): Promise<void> {
    world.relay.push(...events);
    for (let turn = 0; turn < TURNS; turn++) await world.clock.advance(0);
    // Slowly enough that none is deferred without being checked.
    await world.clock.advance(2_000);
  }

  await watch.begin();
  const before = await agent.peers();
  for (let made = 0; made < FORGERIES; made += AT_ONCE) {
    const forged = Array.from({ length: Math.min(AT_ONCE, FORGERIES - made) }, (_, index) =>
      (kinds[(made + index) % kinds.length] as () => unknown)(),
    );
    await push(forged);
    const inbox = await agent.inbox();
    expect(inbox, JSON.stringify(forged.find((one) => (one as NostrEvent).id === inbox[0]?.id))).toEqual([]);
  }
  expect(await agent.peers()).toEqual(before);
  await watch.expectUnharmed();

  expect(await agent.refused()).not.toHaveProperty('rate_limited');
  // None of that suppresses Bob's own messages.
  await push(genuine.flatMap(({ wrapped, kind4 }) => [wrapped, kind4]));
  expect((await agent.inbox()).map(({ content }) => content).sort()).toEqual([
    'one',
    'one',
    'three',
    'three',
    'two',
    'two',
  ]);
  expect(agent.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});
