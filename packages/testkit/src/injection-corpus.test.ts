import { expect, test } from 'vitest';
import { injectionCorpus } from './injection-corpus.ts';

test('has more than 500 different cases, the same for the same seed', () => {
  const corpus = injectionCorpus();
  expect(new Set(corpus.map(({ text }) => text)).size).toBe(corpus.length);
  expect(corpus.length).toBeGreaterThan(500);
  expect(injectionCorpus()).toEqual(corpus);
  expect(injectionCorpus(2)).not.toEqual(corpus);
});
