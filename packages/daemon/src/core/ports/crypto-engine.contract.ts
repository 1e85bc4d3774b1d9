import { fromHex } from '@ocmesh/shared/ambient';
import { type NostrEvent, parseEvent } from '@ocmesh/shared/wire';
import { actor } from '@ocmesh/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CryptoEngine } from './crypto-engine.ts';

const alice = actor('alice');
const bob = actor('bob');
const eve = actor('eve');

const texts: readonly (readonly [name: string, text: string])[] = [
  ['one letter', 'a'],
  ['emoji', '👩‍👩‍👧‍👦 ✓ 🏳️‍🌈'],
  ['control characters', '\u0000\u0007\n\r\t'],
  ['JSON', '{"type":"text","body":"\\ud83d\\ude00"}'],
  ...[15, 16, 17, 31, 32, 33, 64, 65, 255, 256, 257, 1_000, 4_096, 20_000].map(
    (length) => [`${length} bytes`, 'x'.repeat(length)] as const,
  ),
];

const signed = (engine: CryptoEngine): NostrEvent =>
  engine.sign(
    { kind: 4, created_at: 1_700_000_000, tags: [['p', bob.pubkey]], content: 'é"\\\u2028\n👍' },
    alice.secretKey,
  );

/** NIP-44 with a single-use key, in the shape of the other ciphers. */
export const nip44OnceOf = ({ nip44Once: { open, sealer } }: CryptoEngine): CryptoEngine['nip44'] => ({
  open,
  seal: (secretKey, peer, plaintext) => sealer(secretKey, peer)(plaintext),
});

/** Replaces one hex digit by another. */
const otherDigit = (hex: string, at: number): string =>
  `${hex.slice(0, at)}${hex[at] === '0' ? '1' : '0'}${hex.slice(at + 1)}`;

/** Tests that every engine has to pass. */
export function cryptoEngineContract(name: string, create: () => CryptoEngine): void {
  describe(name, () => {
    const engine = create();

    test('derives the public key from a secret key', () => {
      expect(engine.publicKey(fromHex('1'.padStart(64, '0')))).toBe(
        '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
      );
      expect(engine.publicKey(alice.secretKey)).toBe(alice.pubkey);
    });

    test.each([
      ['zero', '0'.repeat(64)],
      ["the curve's order", 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'],
      ['the largest number', 'f'.repeat(64)],
      ['too few bytes', 'ab'],
    ])('refuses %s as a secret key', (_, hex) => {
      expect(() => engine.publicKey(fromHex(hex))).toThrow();
    });

    test('signs exactly the seven fields, and verifies its own signature', () => {
      const event = signed(engine);
      expect(Object.keys(event).sort()).toEqual([
        'content',
        'created_at',
        'id',
        'kind',
        'pubkey',
        'sig',
        'tags',
      ]);
      expect(parseEvent(event)).toEqual(event);
      expect(event.pubkey).toBe(alice.pubkey);
      expect(engine.verify(event)).toBe(true);
      expect(engine.verify(JSON.parse(JSON.stringify(event)))).toBe(true);
    });

    test('computes the id of an unsigned event', () => {
      // The message in the example of NIP-59.
      const unsigned = {
        pubkey: '611df01bfcf85c26ae65453b772d8f1dfd25c264621c0277e1fc1518686faef9' as NostrEvent['pubkey'],
        created_at: 1_691_518_405,
        kind: 1,
        tags: [],
        content: 'Are you going to the party tonight?',
      };
      const id = '9dd003c6d3b73b74a85a9ab099469ce251653a7af76f523671ab828acd2a0ef9';
      expect(engine.eventId(unsigned)).toBe(id);
      expect(engine.eventId(Object.assign({ sig: '', id: 'x' }, unsigned))).toBe(id);
      expect(engine.eventId({ ...unsigned, kind: 14 })).not.toBe(id);
      expect(engine.eventId(signed(engine))).toBe(signed(engine).id);
    });

    test('leaves the draft unchanged', () => {
      const draft = Object.freeze({
        kind: 1,
        created_at: 1,
        tags: Object.freeze([Object.freeze(['t', 'x'])]),
        content: 'x',
      });
      expect(engine.verify(engine.sign(draft, alice.secretKey))).toBe(true);
    });

    const event = signed(engine);
    const mutations: readonly (readonly [string, Partial<NostrEvent>])[] = [
      ['id', { id: otherDigit(event.id, 0) }],
      ['pubkey', { pubkey: eve.pubkey }],
      ['created_at', { created_at: event.created_at + 1 }],
      ['kind', { kind: 1 }],
      ['a tag', { tags: [['p', eve.pubkey]] }],
      ['a tag more', { tags: [...event.tags, ['p', eve.pubkey]] }],
      ['no tags', { tags: [] }],
      ['content', { content: `${event.content} ` }],
      ['the first digit of sig', { sig: otherDigit(event.sig, 0) }],
      ['the last digit of sig', { sig: otherDigit(event.sig, 127) }],
      ['a sig of zeros', { sig: '0'.repeat(128) }],
      ['a sig of ones', { sig: 'f'.repeat(128) }],
      ['a pubkey that is not a point', { pubkey: 'f'.repeat(64) as NostrEvent['pubkey'] }],
    ];

    test.each(mutations)('detects a change of %s', (_, change) => {
      expect(engine.verify({ ...JSON.parse(JSON.stringify(event)), ...change })).toBe(false);
    });

    test.each(mutations)(
      'never relies on an earlier result: a verified event, spread, with a change of %s',
      (_, change) => {
        const checked = signed(engine);
        expect(engine.verify(checked)).toBe(true);
        expect(engine.verify({ ...checked, ...change })).toBe(false);
        // Marks that nostr-tools leaves on objects it verified.
        const marked = Object.assign(Object.create(Object.getPrototypeOf(checked)), checked, change);
        for (const symbol of Object.getOwnPropertySymbols(checked)) marked[symbol] = true;
        expect(engine.verify(marked)).toBe(false);
      },
    );

    test('rejects forged content with the right id: the author did not sign it', () => {
      const forged = engine.sign({ ...event, content: 'forged' }, eve.secretKey);
      expect(engine.verify({ ...forged, pubkey: alice.pubkey })).toBe(false);
      expect(engine.verify({ ...forged, sig: event.sig })).toBe(false);
    });

    describe.each([
      ['nip04', engine.nip04],
      ['nip44', engine.nip44],
      ['nip44Once', nip44OnceOf(engine)],
    ])('%s', (_name, codec) => {
      test.each(texts)('decrypts with either of the two keys: %s', (_, text) => {
        const sealed = codec.seal(alice.secretKey, bob.pubkey, text);
        expect(codec.open(bob.secretKey, alice.pubkey, sealed)).toBe(text);
        expect(codec.open(alice.secretKey, bob.pubkey, sealed)).toBe(text);
        expect(sealed).not.toContain(text.slice(0, 20).padEnd(4, '·'));
      });

      test('encrypts the same text differently each time', () => {
        const seal = (): string => codec.seal(alice.secretKey, bob.pubkey, 'same');
        expect(seal()).not.toBe(seal());
      });

      test('throws for a malformed payload', () => {
        for (const payload of ['', 'x', '?iv=', 'AAAA?iv=AAAA', 'AgAA', '#', '👍', 'A'.repeat(200)]) {
          expect(() => codec.open(bob.secretKey, alice.pubkey, payload)).toThrow();
        }
      });

      test('throws for a key that is not a point of the curve', () => {
        expect(() => codec.seal(alice.secretKey, 'f'.repeat(64) as NostrEvent['pubkey'], 'x')).toThrow();
      });
    });

    test('NIP-44 with a single-use key is NIP-44', () => {
      const sealed = engine.nip44Once.sealer(alice.secretKey, bob.pubkey)('x');
      expect(engine.nip44.open(bob.secretKey, alice.pubkey, sealed)).toBe('x');
      // Before there is anything to encrypt.
      expect(() =>
        engine.nip44Once.sealer(alice.secretKey, 'f'.repeat(64) as NostrEvent['pubkey']),
      ).toThrow();
    });

    test('NIP-44: the wrong key decrypts nothing', () => {
      const sealed = engine.nip44.seal(alice.secretKey, bob.pubkey, 'for bob');
      expect(() => engine.nip44.open(eve.secretKey, alice.pubkey, sealed)).toThrow();
      expect(() => engine.nip44.open(bob.secretKey, eve.pubkey, sealed)).toThrow();
    });

    test('NIP-04: the wrong key never reveals the text', () => {
      // It has no MAC: the padding fits by chance once in 256, and then the result is noise.
      for (let i = 0; i < 20; i++) {
        const sealed = engine.nip04.seal(alice.secretKey, bob.pubkey, 'for bob');
        let opened: string | null = null;
        try {
          opened = engine.nip04.open(eve.secretKey, alice.pubkey, sealed);
        } catch {
          // The usual way.
        }
        expect(opened).not.toBe('for bob');
      }
    });

    test('NIP-44: a change of any byte is detected', () => {
      const bytes = Buffer.from(engine.nip44.seal(alice.secretKey, bob.pubkey, 'authentic'), 'base64');
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ 1;
        expect(() => engine.nip44.open(bob.secretKey, alice.pubkey, changed.toString('base64'))).toThrow();
      }
      expect(() =>
        engine.nip44.open(bob.secretKey, alice.pubkey, bytes.subarray(0, -1).toString('base64')),
      ).toThrow();
    });

    test('NIP-44: a payload has one spelling', () => {
      const sealed = engine.nip44.seal(alice.secretKey, bob.pubkey, 'x'.repeat(33));
      expect(sealed).toMatch(/[^=]=$/);
      // The letter before `=` ends in two unused bits.
      const strayBits = sealed.replace(/.=$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`);
      for (const payload of [strayBits, sealed.slice(0, -1), ` ${sealed}`, `${sealed}\n`, `${sealed}#`]) {
        expect(() => engine.nip44.open(bob.secretKey, alice.pubkey, payload)).toThrow();
      }
    });

    test('NIP-44: refuses to encrypt an empty text', () => {
      expect(() => engine.nip44.seal(alice.secretKey, bob.pubkey, '')).toThrow();
    });
  });
}

/** Tests that two engines have to pass with each other. */
export function cryptoEnginesAgree(one: CryptoEngine, two: CryptoEngine): void {
  describe.each([
    ['the second reads what the first made', one, two],
    ['the first reads what the second made', two, one],
  ])('%s', (_, maker, taker) => {
    test('signatures', () => {
      const event = signed(maker);
      expect(taker.verify(event)).toBe(true);
      expect(taker.verify({ ...event, content: 'x' })).toBe(false);
      expect(signed(taker).id).toBe(event.id);
    });

    test('events of every shape have the same id', () => {
      fc.assert(
        fc.property(
          fc.record({
            kind: fc.nat(65_535),
            created_at: fc.nat(2_000_000_000),
            content: fc.string({ unit: 'binary' }),
            tags: fc.array(fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }), { maxLength: 3 }),
          }),
          (draft) => {
            const event = maker.sign(draft, alice.secretKey);
            return taker.verify(event) && taker.eventId({ ...draft, pubkey: alice.pubkey }) === event.id;
          },
        ),
        { numRuns: 25 },
      );
    });

    test.each(texts)('NIP-04 and NIP-44: %s', (_name, text) => {
      for (const codec of ['nip04', 'nip44'] as const) {
        const sealed = maker[codec].seal(alice.secretKey, bob.pubkey, text);
        expect(taker[codec].open(bob.secretKey, alice.pubkey, sealed)).toBe(text);
      }
    });

    test('any text', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }), (text) => {
          const sealed = maker.nip44.seal(alice.secretKey, bob.pubkey, text);
          expect(taker.nip44.open(bob.secretKey, alice.pubkey, sealed)).toBe(text);
        }),
        { numRuns: 25 },
      );
    });

    test('a changed NIP-44 payload is refused', () => {
      const sealed = maker.nip44.seal(alice.secretKey, bob.pubkey, 'authentic');
      const changed = `${sealed.slice(0, 60)}${sealed[60] === 'A' ? 'B' : 'A'}${sealed.slice(61)}`;
      expect(() => taker.nip44.open(bob.secretKey, alice.pubkey, changed)).toThrow();
    });
  });
}
