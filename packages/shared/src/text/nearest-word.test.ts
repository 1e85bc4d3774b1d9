import { expect, test } from 'vitest';
import { nearestWord } from './nearest-word.ts';

const words = ['name', 'port', 'relays', 'log_level', 'mcp_may_trust'];

test.each([
  ['nmae', 'name'],
  ['nam', 'name'],
  ['prot', 'port'],
  ['relay', 'relays'],
  ['loglevel', 'log_level'],
  ['mcp_may_trsut', 'mcp_may_trust'],
])('%s was meant to be %s', (typed, meant) => {
  expect(nearestWord(typed, words)).toBe(meant);
});

test.each(['colour', '', 'x', 'n'.repeat(1000)])('nothing is guessed for %.10s', (typed) => {
  expect(nearestWord(typed, words)).toBeNull();
});
