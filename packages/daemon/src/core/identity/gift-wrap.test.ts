import { readFileSync } from 'node:fs';
import { fromHex } from '@ocmesh/shared/ambient';
import { limits, type Pubkey } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { actor, createSeededRandom } from '@ocmesh/testkit';
import * as nip17 from 'nostr-tools/nip17';
import * as nip59 from 'nostr-tools/nip59';
import { describe, expect, test } from 'vitest';
import { createWasmEngine } from '../../adapters/crypto/wasm-engine.ts';
import { openPrivateDm, privateDm, type Rumor, unwrapRumor, wrapRumor } from './gift-wrap.ts';
import { createNostrToolsEngine } from './nostr-tools-engine.ts';
import { parseSecretKey } from './secret-key-text.ts';
import { newWrapKey } from './wrap-keys.ts';

const NOW_SEC = 1_800_000_000;
const TWO_DAYS_SEC = 172_800;
const alice = actor('alice');
const bob = actor('bob');
const carol = actor('carol');

/** Examples printed in NIP-17 and NIP-59. */
interface Examples {
  readonly nip17: {
    readonly message: string;
    readonly sender: string;
    readonly receiver: string;
    readonly to_sender: NostrEvent;
    readonly to_receiver: NostrEvent;
  };
  readonly nip59: {
    readonly author: string;
    readonly recipient: string;
    readonly rumor: Rumor;
    readonly seal: NostrEvent;
    readonly wrap: NostrEvent;
  };
}
const examples = JSON.parse(
  readFileSync(new URL('../../../test/vectors/gift-wraps.json', import.meta.url), 'utf8'),
) as Examples;

/** The values are the same, but nostr-tools types keys as plain strings and lists as mutable. */
type TheirEvent = Parameters<typeof nip59.unwrapEvent>[0];
const ours = (event: TheirEvent): NostrEvent => event as unknown as NostrEvent;
const theirs = (event: NostrEvent): TheirEvent => event as unknown as TheirEvent;

describe.each([
  ['on WebAssembly', createWasmEngine()],
  ['on nostr-tools', createNostrToolsEngine()],
])('gift wraps %s', (_, engine) => {
  const deps = { engine, random: createSeededRandom(17) };
  const message = (plaintext: string, recipients: readonly Pubkey[] = [bob.pubkey]): Rumor =>
    privateDm(engine, { author: alice.pubkey, recipients, plaintext, createdAtSec: NOW_SEC });
  const wrapFor = (recipient: Pubkey, rumor: Rumor): NostrEvent =>
    wrapRumor(deps, alice, rumor, newWrapKey(deps, recipient), { nowSec: NOW_SEC });
  const sealIn = (wrap: NostrEvent): NostrEvent =>
    JSON.parse(engine.nip44.open(bob.secretKey, wrap.pubkey, wrap.content));

  describe('the examples of the NIPs', () => {
    const keyPair = (secretKey: Uint8Array) => ({ secretKey, pubkey: engine.publicKey(secretKey) });
    const sender = keyPair(parseSecretKey(examples.nip17.sender, ''));
    const receiver = keyPair(parseSecretKey(examples.nip17.receiver, ''));

    test.each([
      ['the receiver', examples.nip17.to_receiver, receiver, sender],
      ['the sender, who keeps a copy', examples.nip17.to_sender, sender, receiver],
    ])('NIP-17: opens for %s, and for nobody else', (_who, wrap, us, other) => {
      expect(engine.verify(wrap)).toBe(true);
      expect(openPrivateDm(engine, us, wrap)).toMatchObject({
        pubkey: sender.pubkey,
        kind: 14,
        content: 'Hola, que tal?',
        tags: [['p', receiver.pubkey]],
        id: 'cf4d60706f9681a31c1cd5850779bcabe1578c1ae293296be20748c2e0771749',
      });
      expect(() => openPrivateDm(engine, other, wrap)).toThrow();
    });

    test('NIP-59: unwraps a note, which is not a chat message', () => {
      const { author, rumor, seal, wrap } = examples.nip59;
      const us = keyPair(fromHex(examples.nip59.recipient));
      expect(engine.publicKey(fromHex(author))).toBe(rumor.pubkey);
      expect([seal, wrap].every((event) => engine.verify(event))).toBe(true);
      expect(unwrapRumor(engine, us.secretKey, wrap)).toEqual(rumor);
      expect(() => openPrivateDm(engine, us, wrap)).toThrow();
    });
  });

  test('the wrap shows the recipient, a single-use key, and a date within two days', () => {
    const wraps = Array.from({ length: 20 }, () => wrapFor(bob.pubkey, message('hello')));
    for (const wrap of wraps) {
      expect(engine.verify(wrap)).toBe(true);
      expect(wrap).toMatchObject({ kind: 1059, tags: [['p', bob.pubkey]] });
    }
    const inTheWrap = wraps.map((wrap) => wrap.created_at);
    const inTheSeal = wraps.map((wrap) => sealIn(wrap).created_at);
    for (const times of [inTheWrap, inTheSeal]) {
      expect(Math.max(...times)).toBeLessThanOrEqual(NOW_SEC);
      expect(Math.min(...times)).toBeGreaterThan(NOW_SEC - TWO_DAYS_SEC);
      expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(TWO_DAYS_SEC / 2);
    }
    expect(inTheWrap).not.toEqual(inTheSeal);
    expect(new Set(wraps.map((wrap) => wrap.pubkey)).size).toBe(20);
    expect(wraps.map((wrap) => wrap.pubkey)).not.toContain(alice.pubkey);
  });

  test('the seal is signed by the author and names no recipient, the rumor is not signed', () => {
    const rumor = message('hello');
    const seal = sealIn(wrapFor(bob.pubkey, rumor));
    expect(engine.verify(seal)).toBe(true);
    expect(seal).toMatchObject({ kind: 13, pubkey: alice.pubkey, tags: [] });
    const inside = JSON.parse(engine.nip44.open(bob.secretKey, alice.pubkey, seal.content));
    expect(inside).toEqual(rumor);
    expect(inside).toEqual({
      id: engine.eventId(inside),
      pubkey: alice.pubkey,
      created_at: NOW_SEC,
      kind: 14,
      tags: [['p', bob.pubkey]],
      content: 'hello',
    });
  });

  test('a message has the same id for all recipients', () => {
    const rumor = message('for both', [bob.pubkey, carol.pubkey]);
    for (const reader of [alice, bob, carol]) {
      const opened = openPrivateDm(engine, reader, wrapFor(reader.pubkey, rumor));
      expect(opened).toEqual(rumor);
      expect(opened.tags).toEqual([
        ['p', bob.pubkey],
        ['p', carol.pubkey],
      ]);
    }
  });

  test.each(['a', 'ünï©ödé ✓ 👩‍👩‍👧‍👦', '\u0000\u0007\n\r\t"\\', '{"type":"text","body":"x"}', ''])(
    'carries %j',
    (text) => {
      expect(openPrivateDm(engine, bob, wrapFor(bob.pubkey, message(text))).content).toBe(text);
    },
  );

  describe('sizes', () => {
    const size = (event: NostrEvent): number => Buffer.byteLength(JSON.stringify(event));
    const overhead = Buffer.byteLength(JSON.stringify(message('')));
    const RELAYS_TAKE = 64 * 1024;

    test('the largest payload makes an event that relays accept', () => {
      const text = 'x'.repeat(limits.message.plaintextBytes);
      const wrap = wrapFor(bob.pubkey, message(text));
      expect(size(wrap)).toBeLessThan(40_000);
      expect(openPrivateDm(engine, bob, wrap).content).toBe(text);
    });

    test('the largest message fits, and a larger one is refused before encryption', () => {
      const largest = 28 * 1024 - overhead;
      const wrap = wrapFor(bob.pubkey, message('x'.repeat(largest)));
      expect(size(wrap)).toBeLessThan(RELAYS_TAKE);
      expect(openPrivateDm(engine, bob, wrap).content).toHaveLength(largest);
      expect(() => wrapFor(bob.pubkey, message('x'.repeat(largest + 1)))).toThrow(
        expect.objectContaining({ code: 'content_too_large' }),
      );
      // Quotation marks are escaped in JSON: 20,000 of them are 40,000 bytes.
      expect(() => wrapFor(bob.pubkey, message('"'.repeat(limits.message.plaintextBytes)))).toThrow(
        expect.objectContaining({ code: 'content_too_large' }),
      );
    });

    test('the limit is where the event becomes too large', () => {
      const onceMore = JSON.stringify(message('x'.repeat(28 * 1024 - overhead + 1)));
      const seal = engine.sign(
        {
          kind: 13,
          created_at: NOW_SEC,
          tags: [],
          content: engine.nip44.seal(alice.secretKey, bob.pubkey, onceMore),
        },
        alice.secretKey,
      );
      const content = engine.nip44.seal(carol.secretKey, bob.pubkey, JSON.stringify(seal));
      expect(content.length).toBeGreaterThan(RELAYS_TAKE);
    });
  });

  describe('with nostr-tools on the other side', () => {
    const answered = 'ab'.repeat(32);

    test('decrypts its wraps', () => {
      const wrap = nip17.wrapEvent(
        alice.secretKey,
        { publicKey: bob.pubkey, relayUrl: 'wss://relay.test' },
        'grüße 👋',
        'a subject',
        { eventId: answered },
      );
      expect(engine.verify(ours(wrap))).toBe(true);
      expect(openPrivateDm(engine, bob, ours(wrap))).toMatchObject({
        pubkey: alice.pubkey,
        content: 'grüße 👋',
        tags: [
          ['p', bob.pubkey, 'wss://relay.test'],
          ['e', answered, '', 'reply'],
          ['subject', 'a subject'],
        ],
      });
    });

    test('decrypts its wraps for several recipients', () => {
      const people = [bob, carol].map(({ pubkey }) => ({ publicKey: pubkey }));
      const wraps = nip17.wrapManyEvents(alice.secretKey, people, 'hello all');
      // It makes one message for each, which names no other recipient; the first is the sender's own.
      const opened = [alice, bob, carol].map((reader, index) =>
        openPrivateDm(engine, reader, ours(wraps[index] as TheirEvent)),
      );
      expect(opened.map(({ content, pubkey }) => [content, pubkey])).toEqual(
        Array.from({ length: 3 }, () => ['hello all', alice.pubkey]),
      );
    });

    test('it decrypts our wraps', () => {
      const rumor = message('grüße 👋', [bob.pubkey, carol.pubkey]);
      for (const reader of [bob, carol]) {
        const wrap = wrapFor(reader.pubkey, rumor);
        expect(nip17.unwrapEvent(theirs(wrap), reader.secretKey)).toEqual(rumor);
      }
    });

    test('unwraps other kinds', () => {
      const wrap = nip59.wrapEvent({ kind: 1, content: 'a note' }, alice.secretKey, bob.pubkey);
      expect(unwrapRumor(engine, bob.secretKey, ours(wrap))).toMatchObject({ kind: 1, content: 'a note' });
      expect(() => openPrivateDm(engine, bob, ours(wrap))).toThrow();
    });
  });
});
