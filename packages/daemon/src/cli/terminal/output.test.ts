import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toJson } from './output.ts';

test('JSON has the same value, without characters that control the terminal or are invisible', () => {
  const text = fc.string({ unit: 'binary' });
  const nasty = fc.oneof(
    text,
    fc.constantFrom('\u001b[2J', '\u202e', '\u200b', '\u{e0041}', '\u009b', '\u2028'),
  );
  const deceptive = /[\p{Cf}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u;
  fc.assert(
    fc.property(fc.dictionary(nasty, fc.array(nasty)), (value) => {
      const json = toJson(value, 2);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(json).not.toMatch(deceptive);
    }),
  );
});

test('leaves every language unchanged', () => {
  expect(toJson('grüße こんにちは مرحبا 👋')).toBe('"grüße こんにちは مرحبا 👋"');
});
