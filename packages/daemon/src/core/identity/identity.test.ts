import { actor, createFakeClock, createSeededRandom } from '@ocmesh/testkit';
import * as nip17 from 'nostr-tools/nip17';
import { expect, test } from 'vitest';
import { createWasmEngine } from '../../adapters/crypto/wasm-engine.ts';
import { privateDm, UnreadableDmError, wrapRumor } from './gift-wrap.ts';
import { createIdentity, type OpenedDm } from './identity.ts';
import { newWrapKey } from './wrap-keys.ts';

const NOW_SEC = 1_800_000_000;
const deps = { engine: createWasmEngine(), random: createSeededRandom(4), clock: createFakeClock() };
const alice = actor('alice');
const identityOf = (name: string) => createIdentity(deps, actor(name).secretKey);
const [us, bob, eve] = [identityOf('alice'), identityOf('bob'), identityOf('eve')];

test('NIP-04: a kind 4 event that shows author, recipient and date', () => {
  const event = us.sealDm(bob.pubkey, 'hello', NOW_SEC, 'nip04').event;
  expect(deps.engine.verify(event)).toBe(true);
  expect(event).toMatchObject({
    kind: 4,
    pubkey: us.pubkey,
    created_at: NOW_SEC,
    tags: [['p', bob.pubkey]],
  });
  const opened: OpenedDm = {
    author: us.pubkey,
    plaintext: 'hello',
    createdAtSec: NOW_SEC,
    id: event.id,
    codec: 'nip04',
    replyTo: null,
    kind: 4,
    tags: [['p', bob.pubkey]],
    expiresAtSec: undefined,
  };
  expect(bob.openDm(event)).toEqual(opened);
});

test('NIP-17: a gift wrap that shows only the recipient', () => {
  const event = us.sealDm(bob.pubkey, 'hello', NOW_SEC, 'nip17').event;
  expect(deps.engine.verify(event)).toBe(true);
  expect(event).toMatchObject({ kind: 1059, tags: [['p', bob.pubkey]] });
  expect(JSON.stringify(event)).not.toContain(us.pubkey);
  const message = { author: us.pubkey, recipients: [bob.pubkey], plaintext: 'hello', createdAtSec: NOW_SEC };
  expect(bob.openDm(event)).toEqual({
    author: us.pubkey,
    plaintext: 'hello',
    createdAtSec: NOW_SEC,
    id: privateDm(deps.engine, message).id,
    codec: 'nip17',
    replyTo: null,
    kind: 14,
    tags: [['p', bob.pubkey]],
  });
});

test('NIP-17: the same message encrypted again is another wrap with the same id', () => {
  const seal = () => us.sealDm(bob.pubkey, 'hello', NOW_SEC, 'nip17').event;
  const [one, two] = [seal(), seal()];
  expect(one.id).not.toBe(two.id);
  expect(one.pubkey).not.toBe(two.pubkey);
  expect(bob.openDm(one).id).toBe(bob.openDm(two).id);
});

test.each([
  ['the id that the only e tag names', [['e', 'ab'.repeat(32)]], 'ab'.repeat(32)],
  [
    'the last of several',
    [
      ['e', 'ab'.repeat(32), '', 'root'],
      ['e', 'cd'.repeat(32), '', 'reply'],
    ],
    'cd'.repeat(32),
  ],
  ['nothing that is no id', [['e', 'an id']], null],
  ['nothing in an empty e tag', [['e']], null],
])('NIP-17: a reply refers to %s', (_, tags, replyTo) => {
  const unsigned = {
    pubkey: us.pubkey,
    created_at: NOW_SEC,
    kind: 14,
    tags: [['p', bob.pubkey], ...tags],
    content: 'x',
  };
  const rumor = { id: deps.engine.eventId(unsigned), ...unsigned };
  const wrap = wrapRumor(deps, alice, rumor, newWrapKey(deps, bob.pubkey), { nowSec: NOW_SEC });
  expect(bob.openDm(wrap).replyTo).toBe(replyTo);
});

test('NIP-17: a copy of a message that another client sent with our key has us as its author', () => {
  const [copy] = nip17.wrapManyEvents(alice.secretKey, [{ publicKey: bob.pubkey }], 'hello');
  expect(us.openDm(copy as unknown as Parameters<typeof us.openDm>[0])).toMatchObject({
    author: us.pubkey,
    plaintext: 'hello',
  });
});

test('everything that cannot be decrypted throws the same error', () => {
  const kind4 = us.sealDm(bob.pubkey, 'hello', NOW_SEC, 'nip04').event;
  const wrap = us.sealDm(bob.pubkey, 'hello', NOW_SEC, 'nip17').event;
  const notFor = [
    { ...kind4, content: 'AAAA?iv=AAAA' },
    { ...kind4, kind: 1 },
    { ...kind4, kind: 1059 },
    { ...wrap, kind: 4 },
    { ...wrap, kind: 14 },
    { ...wrap, content: kind4.content },
  ];
  for (const event of notFor) expect(() => bob.openDm(event)).toThrow(new UnreadableDmError());
  expect(() => eve.openDm(wrap)).toThrow(new UnreadableDmError());
  expect(new UnreadableDmError().message).not.toMatch(/mac|key|padding|json/i);
});
