import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatLine } from './line-format.ts';

const at = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const messageOf = (line: string) => line.slice('[2026-01-02T03:04:05.006Z] [INFO] '.length, -1);
const shown = (message: string) => messageOf(formatLine(at, 'info', message, {}));

test('writes [TIMESTAMP] [LEVEL] message, followed by the fields', () => {
  expect(
    formatLine(at, 'info', 'relay connected', {
      relay: 'wss://x',
      n: 5,
      ok: true,
      none: null,
      gone: undefined,
    }),
  ).toBe('[2026-01-02T03:04:05.006Z] [INFO] relay connected relay=wss://x n=5 ok=true none=null\n');
});

test('quotes values with spaces, quotes or an equals sign', () => {
  expect(formatLine(at, 'warn', 'm', { a: 'two words', b: 'x=y', c: 'say "x"' })).toBe(
    '[2026-01-02T03:04:05.006Z] [WARN] m a="two words" b="x=y" c="say \\"x\\""\n',
  );
});

test.each([
  ['a line end', 'a\nb', 'a\\u{a}b'],
  ['a carriage return', 'a\rb', 'a\\u{d}b'],
  ['an escape', '\u001b[2J', '\\u{1b}[2J'],
  ['a backspace', 'a\bb', 'a\\u{8}b'],
  ['zero', '\u0000', '\\u{0}'],
  ['DEL', '\u007f', '\\u{7f}'],
  ['a C1 control', '\u009b2J', '\\u{9b}2J'],
  ['a bidi override', 'a\u202eb', 'a\\u{202e}b'],
  ['a bidi isolate', '\u2066', '\\u{2066}'],
  ['an Arabic letter mark', '\u061c', '\\u{61c}'],
  ['a zero-width space', 'a\u200bb', 'a\\u{200b}b'],
  ['a zero-width joiner', '\u200d', '\\u{200d}'],
  ['a byte order mark', '\ufeff', '\\u{feff}'],
  ['a soft hyphen', '\u00ad', '\\u{ad}'],
  ['a line separator', '\u2028', '\\u{2028}'],
  ['a tag character', '\u{e0041}', '\\u{e0041}'],
  ['half a surrogate pair', 'a\ud83d', 'a\\u{d83d}'],
])('shows %s as its code point', (_, text, number) => {
  expect(shown(text)).toBe(number);
});

test('leaves every language and emoji unchanged', () => {
  for (const text of ['grüße', 'こんにちは', 'مرحبا', 'שלום', '👋🏽', '👩‍👩‍👧', '❤️', 'e\u0301'])
    expect(shown(text)).toBe(text);
});

test('writes one line without cursor movements, whatever the input', () => {
  const anything = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\n', '\u001b', '\u202e', '"', '=', ' ', '\ud800'),
      fc.string({ unit: 'binary', maxLength: 2 }),
    ),
  });
  fc.assert(
    fc.property(anything, anything, (message, value) => {
      const line = formatLine(at, 'info', message, { value });
      expect(line.endsWith('\n')).toBe(true);
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cs}\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});

test('cuts long text', () => {
  expect(shown('x'.repeat(5_000))).toHaveLength(200);
});
