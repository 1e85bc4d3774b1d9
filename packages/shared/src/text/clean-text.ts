import { limits } from '../contract/limits.ts';
import { cutChars } from '../contract/measure.ts';
import { fold } from './fold.ts';

const LONE_SURROGATE = /[\ud800-\udfff]/gu;
const LINE_END = /\r\n?|[\u0085\u2028\u2029]/g;
/**
 * What moves a cursor, reorders or hides text: controls, line separators, halves of surrogate pairs, noncharacters,
 * interlinear marks, and Default_Ignorable_Code_Point: bidi marks, zero-width, tag, filler characters and
 * variation selectors. Emoji keep what makes them one: one presentation selector right after a pictograph
 * or in a keycap, and the joiner between two pictographs. Each other place of those could hide a bit.
 */
const UNSEEN =
  /(?!(?<=\p{ExtPict})[\ufe0e\ufe0f]|(?<=[0-9#*])\ufe0f(?=\u20e3)|(?<=\p{ExtPict}[\ufe0f\p{EMod}]?)\u200d(?=\p{ExtPict}))[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{DI}\p{NChar}\ufff9-\ufffb]/gu;

/** Text of a peer or relay without what a reader cannot see. Line ends become line feeds; tabs stay. */
export const cleanText = (text: string): string =>
  text
    // First of all: taking out what stands between two halves would join them to a new character.
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(LINE_END, '\n')
    .replace(UNSEEN, (char) => (char === '\n' || char === '\t' ? char : ''));

/** The same on one line, at most `maxChars` characters: names, reasons, claims, cells of a table. */
export const cleanLine = (text: string, maxChars: number): string =>
  cutText(cleanText(text).replace(/\s+/g, ' ').trim(), maxChars);

/** At most `maxChars` characters of a cleaned text. A joiner whose second emoji was cut off goes too. */
export const cutText = (text: string, maxChars: number): string =>
  cutChars(text, maxChars).replace(/\u200d$/, '');

/** The text on one line with all that a reader cannot see shown as its number, `\u{202e}`: for logs. */
export const showUnseen = (text: string): string =>
  text.replace(UNSEEN, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);

/**
 * `cleanText` for every string and key of a JSON value. What nests deeper than a message's data may becomes null: a stack
 * cannot follow for ever. No key passes for the field that marks others' words.
 */
export function cleanJson(value: unknown, depth: number = limits.message.dataLevels): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return null;
  if (Array.isArray(value)) return value.map((item) => cleanJson(item, depth - 1));
  const entries = Object.entries(value).map(([key, item]) => [cleanKey(key), cleanJson(item, depth - 1)]);
  return Object.fromEntries(entries);
}

function cleanKey(key: string): string {
  const cleaned = cleanText(key);
  return fold(cleaned).text.replace(/[^a-z]/g, '') === 'untrustedcontent' ? `their ${cleaned}` : cleaned;
}
