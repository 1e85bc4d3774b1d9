import type { Pubkey } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { wireLimits } from '@ocmesh/shared/wire';
import { type Actor, actor, createSeededRandom } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { createWasmEngine } from '../../adapters/crypto/wasm-engine.ts';
import { openPrivateDm, privateDm, UnreadableDmError, UnwantedRumorError } from './gift-wrap.ts';
import { createNostrToolsEngine } from './nostr-tools-engine.ts';

const alice = actor('alice');
const bob = actor('bob');
const eve = actor('eve');
/** Signs the wraps. */
const once = actor('once');

describe.each([
  ['on WebAssembly', createWasmEngine(), 300],
  // Fewer random changes: each takes 10 ms.
  ['on nostr-tools', createNostrToolsEngine(), 40],
])('hostile gift wraps %s', (_, engine, changes) => {
  const rumor = privateDm(engine, {
    author: alice.pubkey,
    recipients: [bob.pubkey],
    plaintext: 'hello',
    createdAtSec: 1_800_000_000,
  });

  /** Wraps any text in place of a seal. */
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

  /** Seals any text in place of a rumor. */
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

  /** Wraps the rumor with some fields changed. The id fits, unless it is changed too. */
  const wrapChanged = (change: Record<string, unknown>): NostrEvent => {
    const changed = { ...rumor, ...change };
    return wrap(JSON.stringify(seal(JSON.stringify({ ...changed, id: engine.eventId(changed), ...change }))));
  };

  const open = (event: NostrEvent) => openPrivateDm(engine, bob, event);
  const expectUnreadable = (event: NostrEvent): void => {
    expect(() => open(event)).toThrow(new UnreadableDmError());
    expect(() => open(event)).toThrow(UnreadableDmError);
  };
  const swap = (hex: string): string => hex.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));

  test('the unchanged message is decrypted', () => {
    expect(open(wrapChanged({}))).toEqual(rumor);
  });

  describe('messages', () => {
    test('with a wrong id', () => {
      expectUnreadable(wrapChanged({ id: swap(rumor.id) }));
      expectUnreadable(wrapChanged({ id: rumor.id, content: 'another text under the same id' }));
    });

    test('without an id, or with something else in its place, get the right one', () => {
      for (const id of [undefined, null, '', 0, [], rumor.id.toUpperCase()])
        expect(open(wrapChanged({ id }))).toEqual(rumor);
    });

    test("in another's name", () => {
      // Eve seals, with her own good signature, a message that names Alice as its author.
      expectUnreadable(wrap(JSON.stringify(seal(JSON.stringify(rumor), { by: eve }))));
      expectUnreadable(wrapChanged({ pubkey: eve.pubkey }));
    });

    test('of another kind', () => {
      for (const kind of [1, 4, 7, 13, 1059])
        expect(() => open(wrapChanged({ kind }))).toThrow(UnwantedRumorError);
      for (const kind of [5, 15, 1010]) expect(open(wrapChanged({ kind })).kind).toBe(kind);
    });

    test('to others', () => {
      expectUnreadable(wrapChanged({ tags: [['p', eve.pubkey]] }));
      expectUnreadable(wrapChanged({ tags: [['p', bob.pubkey.toUpperCase()]] }));
      // A mention does not make us a recipient; without any recipient, the seal says that we are.
      expectUnreadable(wrapChanged({ tags: [['P', bob.pubkey], ['p', eve.pubkey], ['p']] }));
      expect(open(wrapChanged({ tags: [] })).content).toBe('hello');
      expect(
        open(
          wrapChanged({
            tags: [
              ['p', eve.pubkey],
              ['p', bob.pubkey],
            ],
          }),
        ).content,
      ).toBe('hello');
    });

    test.each([
      ['no content', { content: undefined }],
      ['content that is no text', { content: { toString: 'hello' } }],
      ['a list of texts', { content: ['hello'] }],
      ['no time', { created_at: undefined }],
      ['a time before 1970', { created_at: -1 }],
      ['a time with a fraction', { created_at: 1.5 }],
      ['a time in quotes', { created_at: '1800000000' }],
      ['a time that is not a number', { created_at: 1e300 }],
      ['a kind in quotes', { kind: '14' }],
      ['no tags', { tags: undefined }],
      ['tags that are no lists', { tags: ['p', bob.pubkey] }],
      ['tags of numbers', { tags: [['p', 1]] }],
      ['nested tags', { tags: [['p', [bob.pubkey]]] }],
      ['tags in an object', { tags: { 0: ['p', bob.pubkey], length: 1 } }],
      ['an author that is not a key', { pubkey: 'alice' }],
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

    test('signed by another key', () => {
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

    test('with tags, such as an expiration, are read', () => {
      for (const tags of [[['p', bob.pubkey]], [[]], [['expiration', '1900000000']]])
        expect(open(wrap(JSON.stringify(seal(JSON.stringify(rumor), { tags }))))).toMatchObject(rumor);
    });

    test('made for another recipient, and passed on to us', () => {
      expectUnreadable(wrap(JSON.stringify(seal(JSON.stringify(rumor), { to: eve }))));
    });

    test('made by ourselves for another recipient, and sent back to us', () => {
      // Both directions of a pair share one key: our seal for Eve can be decrypted with ours, and names us as author.
      const mine = privateDm(engine, {
        author: bob.pubkey,
        recipients: [eve.pubkey],
        plaintext: 'to eve',
        createdAtSec: 1,
      });
      expectUnreadable(wrap(JSON.stringify(seal(JSON.stringify(mine), { by: bob, to: eve }))));
    });

    test('with a rumor that is not a JSON object', () => {
      const none = ['hello', '"hello"', 'null', '14', '[]', '{}', '{"kind":14}', '{', '\u0000'];
      for (const text of none) expectUnreadable(wrap(JSON.stringify(seal(text))));
    });
  });

  describe('wraps', () => {
    const genuine = wrapChanged({});

    test('for another recipient', () => {
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

    test('with a rumor in place of the seal', () => {
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

    test('encrypted with NIP-04', () => {
      const content = engine.nip04.seal(once.secretKey, bob.pubkey, JSON.stringify(seal('x')));
      expectUnreadable({ ...genuine, content });
    });

    test.each(['', 'A', '====', '?iv=', '#', 'A'.repeat(132), 'A'.repeat(60_000), '👍', '\u0000'])(
      'with the content %.20s',
      (content) => {
        expectUnreadable({ ...genuine, content });
      },
    );

    test('larger than relays accept', () => {
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

    test('ignores deep nesting next to the message', () => {
      const deep = '['.repeat(5_000) + ']'.repeat(5_000);
      const text = `${JSON.stringify(rumor).slice(0, -1)},"extra":${deep}}`;
      expect(open(wrap(JSON.stringify(seal(text))))).toEqual(rumor);
    });

    test('thousands of tags', () => {
      const tags = [...Array.from({ length: 2_000 }, () => ['t', 'x']), ['p', bob.pubkey]];
      expect(open(wrapChanged({ tags })).tags).toHaveLength(2_001);
      const others = Array.from({ length: 300 }, (__, n) => ['p', n.toString(16).padStart(64, '0')]);
      expectUnreadable(wrapChanged({ tags: others }));
    });

    test('one tag that fills the wrap', () => {
      const tags = [
        ['t', 'x'.repeat(25_000)],
        ['p', bob.pubkey],
      ];
      expect(open(wrapChanged({ tags })).content).toBe('hello');
    });

    test('repeated fields, and fields that every object has', () => {
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

    /** Changes, adds or removes one letter, removes, doubles or moves a part, or cuts off an end. */
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

    test('of the content of a wrap: none is decrypted', () => {
      const genuine = wrapChanged({});
      for (const content of mutants(genuine.content)) {
        expect(() => open({ ...genuine, content })).toThrow(UnreadableDmError);
      }
    });

    /** Returns the rumor if it can be decrypted: the author of the change has a valid key for it. */
    const attempt = (event: NostrEvent) => {
      try {
        return open(event);
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableDmError);
        return null;
      }
    };

    test('of a seal, wrapped again: none is decrypted, unless it says the same', () => {
      const opened = mutants(JSON.stringify(seal(JSON.stringify(rumor)))).map((text) => attempt(wrap(text)));
      for (const one of opened) expect([null, rumor]).toContainEqual(one);
      expect(opened.filter((one) => one === null).length).toBeGreaterThan(changes * 0.8);
    });

    test('of a rumor, sealed again: none is decrypted, unless it says the same', () => {
      const opened = mutants(JSON.stringify(rumor)).map((text) => attempt(wrap(JSON.stringify(seal(text)))));
      for (const one of opened) expect([null, rumor]).toContainEqual(one);
      expect(opened.filter((one) => one === null).length).toBeGreaterThan(changes * 0.6);
    });
  });
});
