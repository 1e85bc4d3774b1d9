import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldAccents, wordsOf } from './search-text.ts';

test.each([
  ['Weather', ['WEATHER']],
  ['Météo à Lisbonne', ['METEO', 'A', 'LISBONNE']],
  ['me\u0301te\u0301o', ['METEO']],
  ['STRASSE straße', ['STRASSE', 'STRASSE']],
  ['ﬁnance Ⅳ', ['FINANCE', 'IV']],
  ['wea\u200bther\u202e', ['WEATHER']],
  ['weather-forecast_2, C++!', ['WEATHER', 'FORECAST', '2', 'C']],
  ['погода: Łódź', ['ПОГОДА', 'ŁODZ']],
  ['', []],
])('the words of %j', (text, words) => {
  expect(wordsOf(foldAccents(text))).toEqual(words);
});

test('folding again changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const once = foldAccents(text);
      expect(foldAccents(once)).toBe(once);
    }),
  );
});
