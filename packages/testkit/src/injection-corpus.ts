import type { Random } from '@ocmesh/shared/ambient';
import {
  breakouts,
  compatible,
  escapes,
  fences,
  invisibleMarks,
  markup,
  orders,
  templates,
  toolCalls,
  urls,
} from './injection-samples.ts';
import { createSeededRandom } from './seeded-random.ts';

export interface Injection {
  readonly kind: string;
  readonly text: string;
}

const COMBINATIONS = 200;

const cyrillic = new Map(
  Array.from('aceopsxyuntrdh', (latin, i) => [latin, [...'асеорѕхуцптгԁһ'][i] ?? latin]),
);
const greek = new Map(Array.from('unteao', (latin, i) => [latin, [...'υητεαο'][i] ?? latin]));

const mapChars = (text: string, change: (char: string) => string): string =>
  Array.from(text, change).join('');
const shift = (text: string, upper: number, lower: number): string =>
  mapChars(text, (char) => {
    const code = char.charCodeAt(0);
    if (/[A-Z]/.test(char)) return String.fromCodePoint(upper + code - 0x41);
    return /[a-z]/.test(char) ? String.fromCodePoint(lower + code - 0x61) : char;
  });
const brackets = (text: string, open: string, close: string): string =>
  text.replaceAll(/[<[]/g, open).replaceAll(/[>\]]/g, close);
const tagged = (text: string): string =>
  mapChars(text, (char) => String.fromCodePoint(0xe0000 + char.charCodeAt(0)));
const selected = (text: string): string =>
  `😀${mapChars(text, (char) => String.fromCodePoint(0xe0100 + (char.charCodeAt(0) & 0x7f)))}`;

/** Spellings that a reader recognizes and a string comparison does not. */
const disguises: Readonly<Record<string, (text: string) => string>> = {
  fullWidth: (text) =>
    mapChars(text, (char) => (/[!-~]/.test(char) ? String.fromCharCode(char.charCodeAt(0) + 0xfee0) : char)),
  cyrillic: (text) => mapChars(text, (char) => cyrillic.get(char.toLowerCase()) ?? char),
  greek: (text) => mapChars(text, (char) => greek.get(char.toLowerCase()) ?? char),
  bold: (text) => shift(text, 0x1d400, 0x1d41a),
  monospace: (text) => shift(text, 0x1d670, 0x1d68a),
  circled: (text) => shift(text, 0x24b6, 0x24d0),
  squared: (text) => shift(text, 0x1f170, 0x1f170),
  flags: (text) => shift(text, 0x1f1e6, 0x1f1e6),
  zeroWidth: (text) => mapChars(text, (char) => `${char}\u200b`),
  joiners: (text) => mapChars(text, (char) => `${char}\u200d\u2060`),
  softHyphens: (text) => mapChars(text, (char) => `\u00ad${char}`),
  accents: (text) => mapChars(text, (char) => (/[a-z]/i.test(char) ? `${char}\u0301` : char)),
  digits: (text) => text.replaceAll(/e/gi, '3').replaceAll(/s/gi, '5').replaceAll(/t/gi, '7'),
  reversed: (text) => `\u202e${[...text].reverse().join('')}\u202c`,
  guillemets: (text) => brackets(text, '«', '»'),
  lenticular: (text) => brackets(text, '《', '》'),
  mathematical: (text) => brackets(text, '⟪', '⟫'),
  tags: tagged,
  selectors: selected,
};

const one = (kind: string, texts: readonly string[]): Injection[] => texts.map((text) => ({ kind, text }));
const cross = <A, B>(as: readonly A[], bs: readonly B[], join: (a: A, b: B) => string): string[] =>
  as.flatMap((a) => bs.map((b) => join(a, b)));

const nest = (open: string, close: string, levels: number): string =>
  `${open.repeat(levels)}"x"${close.repeat(levels)}`;

/** Names and texts with lengths around the limits. */
const long = [63, 64, 65, 499, 500, 1000, 4096, 20_000].flatMap((chars) => [
  'N'.repeat(chars),
  '😀'.repeat(chars),
  `${'a\u200b'.repeat(chars)}`,
  `${'<<<end untrusted>>>'.repeat(chars)}`.slice(0, chars),
]);
const nested = [
  ...[1, 8, 16, 17, 33, 2000].map((levels) => nest('{"untrusted_content":', '}', levels)),
  ...[1, 16, 2000].map((levels) => nest('[', ']', levels)),
  ...[1, 2, 4, 8].map((times) => `${'\\'.repeat(times)}"}`),
];

function combine(random: Random): Injection {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.unit() * list.length)] as T;
  const frame = pick([...templates, ...toolCalls, ...breakouts]);
  const disguise = pick(Object.values(disguises));
  const parts = [
    frame(pick(orders)),
    disguise(pick(fences)),
    pick(escapes),
    pick(invisibleMarks),
    pick(markup)(pick(urls)),
  ];
  const kept = parts.filter(() => random.unit() < 0.7);
  const start = Math.floor(random.unit() * parts.length);
  return {
    kind: 'combination',
    text: [...kept.slice(start), ...kept.slice(0, start)].join(pick(['', ' ', '\n'])),
  };
}

/** Returns hostile texts for everything that shows others' words; the same for the same seed. */
export function injectionCorpus(seed = 1): readonly Injection[] {
  const random = createSeededRandom(seed);
  const order = (index: number): string => orders[index % orders.length] as string;
  const all = [
    ...one('order', orders),
    ...one(
      'role marker',
      templates.map((frame, i) => frame(order(i))),
    ),
    ...one(
      'tool call',
      toolCalls.map((frame, i) => frame(order(i))),
    ),
    ...one(
      'breakout',
      breakouts.map((frame, i) => frame(order(i))),
    ),
    ...one(
      'fence',
      cross(fences, orders.slice(0, 3), (fence, o) => `${fence}\n${o}`),
    ),
    ...Object.entries(disguises).flatMap(([name, disguise]) => one(`fence, ${name}`, fences.map(disguise))),
    ...one(
      'escape',
      cross(escapes, ['', 'obey '], (sequence, before) => `${before}${sequence}rm -rf`),
    ),
    ...one(
      'invisible',
      cross(invisibleMarks, ['', 'sys', '<<<'], (mark, before) => `${before}${mark}tem`),
    ),
    ...one(
      'markup',
      cross(markup, urls, (view, url) => view(url)),
    ),
    ...one('normalisation', compatible),
    ...one('length', long),
    ...one('nesting', nested),
    ...Array.from({ length: COMBINATIONS }, () => combine(random)),
  ];
  return [...new Map(all.filter(({ text }) => text !== '').map((one) => [one.text, one])).values()];
}
