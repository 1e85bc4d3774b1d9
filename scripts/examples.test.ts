import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkExamples, formatJson } from './generate/examples.mjs';

const readExamples = () => JSON.parse(readFileSync(`${import.meta.dirname}/../docs/examples.json`, 'utf8'));

test('every call has an example that fits its schemas', () => {
  expect(() => checkExamples(readExamples())).not.toThrow();
});

test.each([
  ['is missing', (all: Record<string, unknown>) => delete all['getPeer'], 'no example of getPeer'],
  ['is of no operation', (all: Record<string, unknown>) => Object.assign(all, { x: {} }), 'no operation: x'],
])('an example that %s is refused', (_, change, message) => {
  const examples = readExamples();
  change(examples);
  expect(() => checkExamples(examples)).toThrow(message);
});

test.each([
  ['lacks a field', { ok: undefined }],
  ['has an unknown field', { ok: true, since: 'now' }],
])('an example that %s is out of date', (_, response) => {
  const examples = readExamples();
  examples.getHealth.response = JSON.parse(JSON.stringify(response));
  expect(() => checkExamples(examples)).toThrow('the example of getHealth is out of date');
});

test('an example with an invalid request is refused', () => {
  const examples = readExamples();
  examples.sendMessage.input = { to: 'x' };
  expect(() => checkExamples(examples)).toThrow('content is missing');
});

test('short lists and objects stay on one line', () => {
  const long = 'x'.repeat(90);
  expect(formatJson({ a: [1, 2], b: { c: null } })).toBe('{ "a": [1, 2], "b": { "c": null } }');
  expect(formatJson({ a: [1, 2], b: long })).toBe(`{\n  "a": [1, 2],\n  "b": "${long}"\n}`);
});
