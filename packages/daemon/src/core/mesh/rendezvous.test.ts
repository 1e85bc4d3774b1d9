import type { Pubkey } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { rendezvous } from './rendezvous.ts';

const key = (n: number) => n.toString(16).padStart(64, '0') as Pubkey;
const urls = ['wss://a.test', 'wss://b.test', 'wss://c.test', 'wss://d.test', 'wss://e.test'];

test('every relay is the first of about as many keys as any other', () => {
  const counts = new Map<string, number>();
  for (let n = 0; n < 10_000; n++) {
    const [first = ''] = rendezvous(key(n), urls);
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  for (const url of urls) expect(Math.abs((counts.get(url) ?? 0) - 2_000)).toBeLessThan(200);
});

test('without one relay, the others keep their order', () => {
  for (let n = 0; n < 100; n++) {
    const all = rendezvous(key(n), urls);
    for (const gone of urls) {
      const left = urls.filter((url) => url !== gone);
      expect(rendezvous(key(n), left)).toEqual(all.filter((url) => url !== gone));
    }
  }
});

test('does not depend on the order of the list, and is the same for ever', () => {
  expect(rendezvous(key(1), [...urls].reverse())).toEqual(rendezvous(key(1), urls));
  expect(rendezvous(key(1), urls)).toMatchInlineSnapshot(`
    [
      "wss://d.test",
      "wss://c.test",
      "wss://b.test",
      "wss://a.test",
      "wss://e.test",
    ]
  `);
});
