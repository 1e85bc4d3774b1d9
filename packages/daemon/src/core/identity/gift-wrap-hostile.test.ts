import type { Pubkey } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { wireLimits } from '@ocmesh/shared/wire';
import { type Actor, actor, createSeededRandom } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { createWasmEngine } from '../../adapters/crypto/wasm-engine.ts';
import { openPrivateDm, privateDm, UnreadableDmError } from './gift-wrap.ts';
import { createNostrToolsEngine } from './nostr-tools-engine.ts';

const alice = actor('alice');
const bob = actor('bob');
const eve = actor('eve');
/** The key that signs the wrap: anybody's. */
const once = actor('once');

describe.each([
  ['on WebAssembly', createWasmEngine(), 300],
  // Fewer of the random ones: each costs it 10 ms.
  ['on nostr-tools', createNostrToolsEngine(), 40],
])('hostile gift wraps %s', (_, engine, changes) => {
  const rumor = privateDm(engine, {
    author: alice.pubkey,
    recipients: [bob.pubkey],
    plaintext: 'hello',
    createdAtSec: 1_800_000_000,
  });

  /** Any text in place of the seal. */
  const wrap = (sealText: string, to: Actor = bob, change: Partial<NostrEvent> = {}): NostrEvent =>
    engine.sign(
      {
        kind: 1059,
        created_at: 1_799_950_000,
        tags: [['p', to.pubkey]],
        content: engine.nip44Once.sealer(once.secretKey, to.pubkey)(sealText),
        ...change,
      },
      once.secretKey,
    );

  /** A seal with any text in place of the message. */
  const seal = (
    rumorText: string,
    { by = alice, to = bob, ...change }: Partial<NostrEvent> & { by?: Actor; to?: Actor } = {},
  ): NostrEvent =>
    engine.sign(
      {
        kind: 13,
        created_at: 1_799_990_000,
        tags: [],
        content: engine.nip44.seal(by.secretKey, to.pubkey, rumorText),
        ...change,
      },
      by.secretKey,
    );

  /** A message with some fields changed, and its id made to fit unless that is changed too. */
  const sealed = (change: Record<string, unknown>): NostrEvent => {
    const changed = { ...rumor, ...change };
    return wrap(JSON.stringify(seal(JSON.stringify({ ...changed, id: engine.eventId(changed), ...change }))));
  };

  const open = (event: NostrEvent) => openPrivateDm(engine, bob, event);
  const expectUnreadable = (event: NostrEvent): void => {
    expect(() => open(event)).toThrow(new UnreadableDmError());
    expect(() => open(event)).toThrow(UnreadableDmError);
  };
  const swap = (hex: string): string => hex.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));

  test('what the cases below change opens as it is', () => {
    expect(open(sealed({}))).toEqual(rumor);
  });

  describe('messages', () => {
    test('under an id that is not their own', () => {
      expectUnreadable(sealed({ id: swap(rumor.id) }));
      expectUnreadable(sealed({ id: rumor.id, content: 'another text under the same id' }));
      for (const id of [null, '', 0, [], rumor.id.toUpperCase()]) expectUnreadable(sealed({ id }));
    });

    test('without an id get their own', () => {
      expect(open(sealed({ id: undefined }))).toEqual(rumor);
    });

    test("in another's name", () => {
      // Eve seals, with her own good signature, a message that names Alice as its author.
      expectUnreadable(wrap(JSON.stringify(seal(JSON.stringify(rumor), { by: eve }))));
      expectUnreadable(sealed({ pubkey: eve.pubkey }));
    });

    test('of another kind', () => {
      for (const kind of [1, 4, 13, 15, 1059]) expectUnreadable(sealed({ kind }));
    });

    test('to others', () => {
      expectUnreadable(sealed({ tags: [['p', eve.pubkey]] }));
      expectUnreadable(sealed({ tags: [['p', bob.pubkey.toUpperCase()]] }));
      // Who is only mentioned is not named; who names nobody but seals for us means us.
      expectUnreadable(sealed({ tags: [['P', bob.pubkey], ['p', eve.pubkey], ['p']] }));
      expect(open(sealed({ tags: [] })).content).toBe('hello');
      expect(
        open(
          sealed({
            tags: [
              ['p', eve.pubkey],
              ['p', bob.pubkey],
            ],
          }),
        ).content,
      ).toBe('hello');
    });

    test.each([
      ['no text', { content: undefined }],
      ['a text that is none', { content: { toString: 'hello' } }],
      ['a list of texts', { content: ['hello'] }],
      ['no time', { created_at: undefined }],
      ['a time before 1970', { created_at: -1 }],
      ['a time with a fraction', { created_at: 1.5 }],
      ['a time in quotes', { created_at: '1800000000' }],
      ['a time that is no number', { created_at: 1e300 }],
      ['a kind in quotes', { kind: '14' }],
      ['no tags', { tags: undefined }],
      ['tags that are no lists', { tags: ['p', bob.pubkey] }],
      ['tags of numbers', { tags: [['p', 1]] }],
      ['nested tags', { tags: [['p', [bob.pubkey]]] }],
      ['tags in an object', { tags: { 0: ['p', bob.pubkey], length: 1 } }],
      ['an author that is no key', { pubkey: 'alice' }],
    ])('with %s', (_name, change) => {
      const text = JSON.stringify({ ...rumor, id: undefined, ...change });
      expectUnreadable(wrap(JSON.stringify(seal(text))));
    });
  });

  describe('seals', () => {
    const genuine = seal(JSON.stringify(rumor));
    const wrapSeal = (change: Record<string, unknown>): NostrEvent =>
      wrap(JSON.stringify({ ...genuine, ...change }));

    test('with a bad signature', () => {
      expectUnreadable(wrapSeal({ sig: swap(genuine.sig) }));
      expectUnreadable(wrapSeal({ sig: '0'.repeat(128) }));
      expectUnreadable(wrapSeal({ sig: undefined }));
      expectUnreadable(wrapSeal({ id: swap(genuine.id) }));
      expectUnreadable(wrapSeal({ created_at: genuine.created_at + 1 }));
    });

    test('signed by somebody else', () => {
      const { sig } = seal(JSON.stringify(rumor), { by: eve });
      expectUnreadable(wrapSeal({ sig }));
      expectUnreadable(wrapSeal({ pubkey: eve.pubkey }));
      expectUnreadable(wrapSeal({ pubkey: 'f'.repeat(64) }));
    });

    test('of another kind', () => {
      for (const kind of [1, 4, 14, 1059]) {
        expectUnreadable(wrap(JSON.stringify(seal(JSON.stringify(rumor), { kind }))));
      }
    });

    test('with tags', () => {
      expectUnreadable(wrap(JSON.stringify(seal(JSON.stringify(rumor), { tags: [['p', bob.pubkey]] }))));
      expectUnreadable(wrap(JSON.stringify(seal(JSON.stringify(rumor), { tags: [[]] }))));
    });

    test('made for somebody else, and passed on to us', () => {
      expectUnreadable(wrap(JSON.stringify(seal(JSON.stringify(rumor), { to: eve }))));
    });

    test('made by ourselves for somebody else, and sent back to us, show nothing new', () => {
      // Both directions of a pair share one key: what we sealed for Eve opens with ours, under our own name.
      const mine = privateDm(engine, {
        author: bob.pubkey,
        recipients: [eve.pubkey],
        plaintext: 'to eve',
        createdAtSec: 1,
      });
      expectUnreadable(wrap(JSON.stringify(seal(JSON.stringify(mine), { by: bob, to: eve }))));
    });

    test('with a message that is no JSON object', () => {
      const none = ['hello', '"hello"', 'null', '14', '[]', '{}', '{"kind":14}', '{', '\u0000'];
      for (const text of none) expectUnreadable(wrap(JSON.stringify(seal(text))));
    });
  });

  describe('wraps', () => {
    const genuine = sealed({});

    test('for somebody else', () => {
      const sealText = JSON.stringify(seal(JSON.stringify(rumor), { to: eve }));
      expectUnreadable(wrap(sealText, eve));
      expectUnreadable(wrap(sealText, eve, { tags: [['p', bob.pubkey]] }));
    });

    test('of another kind', () => {
      for (const kind of [4, 13, 21_059]) expectUnreadable({ ...genuine, kind });
    });

    test('under another key', () => {
      expectUnreadable({ ...genuine, pubkey: eve.pubkey });
      expectUnreadable({ ...genuine, pubkey: 'f'.repeat(64) as Pubkey });
    });

    test('with a message in place of the seal', () => {
      expectUnreadable(wrap(JSON.stringify(rumor)));
    });

    test('with a wrap in place of the seal', () => {
      expectUnreadable(wrap(JSON.stringify(genuine)));
    });

    test('with anything but JSON', () => {
      for (const text of ['hello', 'null', '[]', '{', JSON.stringify([seal('x')])]) {
        expectUnreadable(wrap(text));
      }
    });

    test('sealed with NIP-04', () => {
      const content = engine.nip04.seal(once.secretKey, bob.pubkey, JSON.stringify(seal('x')));
      expectUnreadable({ ...genuine, content });
    });

    test.each(['', 'A', '====', '?iv=', '#', 'A'.repeat(132), 'A'.repeat(60_000), '👍', '\u0000'])(
      'holding %.20s',
      (content) => {
        expectUnreadable({ ...genuine, content });
      },
    );

    test('larger than relays carry', () => {
      expectUnreadable({ ...genuine, content: 'A'.repeat(wireLimits.event.contentBytes + 4) });
    });
  });

  describe('floods inside', () => {
    const MOST = 40_000;
    const nested = (open: string, close: string): string =>
      open.repeat(MOST / (open.length + close.length)) + close.repeat(MOST / (open.length + close.length));

    test.each([
      ['lists', nested('[', ']')],
      ['objects', `${'{"a":'.repeat(6_000)}1${'}'.repeat(6_000)}`],
      ['lists that never end', '['.repeat(MOST)],
    ])('deeply nested %s', (_name, deep) => {
      expectUnreadable(wrap(deep));
      expectUnreadable(wrap(JSON.stringify(seal(deep.slice(0, 30_000)))));
      expectUnreadable(wrap(`{"kind":13,"tags":${deep}}`));
    });

    test('deep nesting beside the message is left behind', () => {
      const deep = '['.repeat(5_000) + ']'.repeat(5_000);
      const text = `${JSON.stringify(rumor).slice(0, -1)},"extra":${deep}}`;
      expect(open(wrap(JSON.stringify(seal(text))))).toEqual(rumor);
    });

    test('thousands of tags', () => {
      const tags = [...Array.from({ length: 2_000 }, () => ['t', 'x']), ['p', bob.pubkey]];
      expect(open(sealed({ tags })).tags).toHaveLength(2_001);
      const others = Array.from({ length: 300 }, (__, n) => ['p', n.toString(16).padStart(64, '0')]);
      expectUnreadable(sealed({ tags: others }));
    });

    test('one tag that fills the wrap', () => {
      const tags = [
        ['t', 'x'.repeat(25_000)],
        ['p', bob.pubkey],
      ];
      expect(open(sealed({ tags })).content).toBe('hello');
    });

    test('fields that are given twice, or that every object has', () => {
      const text = JSON.stringify(rumor);
      const twice = `${text.slice(0, -1)},"pubkey":"${eve.pubkey}"}`;
      expectUnreadable(wrap(JSON.stringify(seal(twice))));
      const inherited = `{"__proto__":${text}}`;
      expectUnreadable(wrap(JSON.stringify(seal(inherited))));
      const polluted = `${text.slice(0, -1)},"__proto__":{"kind":1},"constructor":1,"toString":2}`;
      expect(open(wrap(JSON.stringify(seal(polluted))))).toEqual(rumor);
    });
  });

  describe(`${changes} random changes`, () => {
    const random = createSeededRandom(1059);
    const int = (below: number): number => Math.floor(random.unit() * below);
    const letters = 'ABab01+/="{}[]:,\\ \u0000é';

    /** One letter changed, added or taken, a part cut out, doubled or moved, or an end cut off. */
    function mutate(text: string): string {
      const at = int(text.length);
      const end = Math.min(text.length, at + 1 + int(40));
      const part = text.slice(at, end);
      const [before, after] = [text.slice(0, at), text.slice(end)];
      const letter = letters[int(letters.length)] as string;
      return [
        () => before + letter + text.slice(at + 1),
        () => before + letter + text.slice(at),
        () => before + text.slice(at + 1),
        () => before + after,
        () => before + part + part + after,
        () => after + part + before,
        () => before,
        () => text.slice(at),
      ][int(8)]?.() as string;
    }
    const mutants = (text: string): string[] =>
      Array.from({ length: changes }, () => mutate(text)).filter(
        (mutant) => mutant !== text && mutant !== '',
      );

    test('of what a wrap holds: none opens', () => {
      const genuine = sealed({});
      for (const content of mutants(genuine.content)) {
        expect(() => open({ ...genuine, content })).toThrow(UnreadableDmError);
      }
    });

    /** Opens it, if it opens; whoever made it holds a good key and changed what that key protects. */
    const attempt = (event: NostrEvent) => {
      try {
        return open(event);
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableDmError);
        return null;
      }
    };

    test('of a seal, wrapped anew: none opens, unless it says the same', () => {
      const opened = mutants(JSON.stringify(seal(JSON.stringify(rumor)))).map((text) => attempt(wrap(text)));
      for (const one of opened) expect([null, rumor]).toContainEqual(one);
      expect(opened.filter((one) => one === null).length).toBeGreaterThan(changes * 0.8);
    });

    test('of a message, sealed anew: none opens, unless it says the same', () => {
      const opened = mutants(JSON.stringify(rumor)).map((text) => attempt(wrap(JSON.stringify(seal(text)))));
      for (const one of opened) expect([null, rumor]).toContainEqual(one);
      expect(opened.filter((one) => one === null).length).toBeGreaterThan(changes * 0.6);
    });
  });
});
