import type { Pubkey } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { createChance } from '../chance.ts';
import { createTransparentEngine } from './transparent-engine.ts';

const engine = createTransparentEngine(createChance('engine'));
const [alice, bob, eve] = [1, 2, 3].map((n) => new Uint8Array(32).fill(n)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const keyOf = engine.publicKey;

test('detects every change of an event, and a foreign author', () => {
  const event = engine.sign({ kind: 4, created_at: 1, tags: [['p', 'x']], content: 'text' }, alice);
  expect(engine.verify(event)).toBe(true);
  const changes = [
    { content: 'other' },
    { created_at: 2 },
    { kind: 1 },
    { tags: [] },
    { pubkey: keyOf(eve) },
  ];
  for (const change of changes) expect(engine.verify({ ...event, ...change })).toBe(false);
  const resigned = engine.sign({ ...event, content: 'other' }, eve);
  expect(engine.verify({ ...resigned, pubkey: event.pubkey })).toBe(false);
});

test.each([
  ['nip04', engine.nip04],
  ['nip44', engine.nip44],
])('%s: only the two keys read a payload, and a changed one nobody', (_, codec) => {
  const sealed = codec.seal(alice, keyOf(bob), 'for bob');
  expect(codec.open(bob, keyOf(alice), sealed)).toBe('for bob');
  expect(codec.open(alice, keyOf(bob), sealed)).toBe('for bob');
  expect(() => codec.open(eve, keyOf(alice), sealed)).toThrow();
  expect(() => codec.open(bob, keyOf(eve), sealed)).toThrow();
  expect(() => codec.open(bob, keyOf(alice), `A${sealed}`)).toThrow();
  expect(codec.seal(alice, keyOf(bob), 'for bob')).not.toBe(sealed);
  expect(engine.look(sealed)).toBe('for bob');
});

test('refuses a key that nobody has', () => {
  expect(() => engine.nip44.seal(alice, 'f'.repeat(64) as Pubkey, 'x')).toThrow();
  expect(() => engine.nip44Once.sealer(alice, 'f'.repeat(64) as Pubkey)).toThrow();
});
