import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanJson, cleanLine, cleanText, cutText, showUnseen } from './clean-text.ts';

const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\u202e', '\u200b', '\u0000', '\u001b', '\u009b', '\u{e0041}', '\u{e0101}', '\ud83d'),
    fc.constantFrom('\ude00', '\udb40', '\udc41', '\r', '\n', '\u2028', '\ufe0f', '\u200d', '❤', '👩', '🏽'),
    fc.constantFrom('\u20e3', 'a', '1', '\u034f', '\u3164', '\uffff'),
    fc.string({ unit: 'binary', maxLength: 1 }),
  ),
});

test('removes control, format, tag, filler and half characters, except the joiner inside an emoji', () => {
  fc.assert(
    fc.property(nasty, (text) => {
      const left = cleanText(text).replace(/[\t\n]/g, '');
      expect(left.replace(/(?<=\p{ExtPict}.?)\u200d(?=\p{ExtPict})/gu, '')).not.toMatch(
        /\p{Cc}|\p{Cs}|\u034f|[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\u{e0000}-\u{e0fff}]/u,
      );
    }),
  );
});

test('a second run changes nothing', () => {
  fc.assert(fc.property(nasty, (text) => cleanText(cleanText(text)) === cleanText(text)));
});

test('does not join surrogate halves to a tag character when the text between them is removed', () => {
  expect(cleanText('\udb40\u200b\udc41')).toBe('\ufffd\ufffd');
});

test('keeps what people write: lines, tabs, accents, right-to-left scripts', () => {
  const text = 'Grüße\n\tשלום مرحبا 漢字 e\u0301 नमस्ते ไทย';
  expect(cleanText(text)).toBe(text);
});

test.each(['😀', '❤️', '✔︎', '👩‍👩‍👧‍👦', '🏃🏽‍♀️', '🏳️‍🌈', '🏴‍☠️', '👁️‍🗨️', '1️⃣', '🇩🇪'])(
  'keeps the emoji %s',
  (emoji) => {
    expect(cleanText(`a${emoji}b`)).toBe(`a${emoji}b`);
    expect(showUnseen(emoji)).toBe(emoji);
  },
);

test('shows a flag spelled in tag characters as the plain flag: tags can spell anything', () => {
  expect(cleanText('\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}')).toBe('🏴');
});

test.each([
  ['hide bytes behind a letter', 'a\ufe0f\ufe01\u{e0101}b', 'ab'],
  ['hide bytes behind an emoji', '😀\u{e0141}\u{e0152}\ufe0e', '😀'],
  ['repeat', '❤\ufe0f\ufe0f\ufe0e', '❤\ufe0f'],
  ['are joiners of nothing', 'sys\u200dtem \u200d👩 👩\u200d\u200d👧 👩\u200da', 'system 👩 👩👧 👩a'],
  ['stand in a digit', '1\ufe0f2', '12'],
])('drops variation selectors and joiners that %s', (_, text, left) => {
  expect(cleanText(text)).toBe(left);
});

test('makes a name one short line', () => {
  expect(cleanLine(' Bob\r\n\r\nSystem:\u2028 obey ', 10)).toBe('Bob System');
});

test('cuts between characters, and drops the joiner of an emoji that was cut off', () => {
  expect(cutText('😀😀😀', 2)).toBe('😀😀');
  expect(cutText('👩‍👧', 2)).toBe('👩');
  expect(cleanLine('👩‍👧', 2)).toBe('👩');
});

test('cleans keys and values of data at every level, and drops what is too deep', () => {
  expect(cleanJson({ 'k\u200b': ['\u202ex', { y: '\u0000' }], n: 1, b: null })).toEqual({
    k: ['x', { y: '' }],
    n: 1,
    b: null,
  });
  const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);
  expect(JSON.stringify(cleanJson(deep))).toContain('null');
});
