import { expect, test } from 'vitest';
import { shellQuoted } from './shell-quoted.ts';

test('quotes a path that a shell would split', () => {
  expect(shellQuoted('/a/b-1.0+x.mjs')).toBe('/a/b-1.0+x.mjs');
  expect(shellQuoted(`/it's $HOME`)).toBe(`'/it'\\''s $HOME'`);
});
