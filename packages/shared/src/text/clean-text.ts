import { limits } from '../contract/limits.ts';
import { cutChars } from '../contract/measure.ts';

const LONE_SURROGATE = /[\ud800-\udfff]/gu;
const LINE_END = /\r\n?|[\u0085\u2028\u2029]/g;
/**
 * Characters that move a cursor, or reorder or hide text: controls, line separators, lone surrogates, noncharacters,
 * interlinear marks, and Default_Ignorable_Code_Point: bidi marks, zero-width, tag and filler characters, and variation
 * selectors. Emoji keep what they need: one presentation selector right after a pictograph or in a keycap, and the joiner
 * between two pictographs. Anywhere else, these could encode a hidden bit.
 */
const UNSEEN =
  /(?!(?<=\p{ExtPict})[\ufe0e\ufe0f]|(?<=[0-9#*])\ufe0f(?=\u20e3)|(?<=\p{ExtPict}[\ufe0f\p{EMod}]?)\u200d(?=\p{ExtPict}))[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{DI}\p{NChar}\ufff9-\ufffb]/gu;

/** Removes unseen characters from text by a peer or relay. Line ends become line feeds; tabs stay. */
export const cleanText = (text: string): string =>
  text
    // First: removing what is between two surrogates would join them to a new character.
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(LINE_END, '\n')
    .replace(UNSEEN, (char) => (char === '\n' || char === '\t' ? char : ''));

/** `cleanText` on one line, of at most `maxChars` characters: for names, reasons, claims, cells of a table. */
export const cleanLine = (text: string, maxChars: number): string =>
  cutText(cleanText(text).replace(/\s+/g, ' ').trim(), maxChars);

/** The first `maxChars` characters of a cleaned text, without a joiner whose second emoji is cut off. */
export const cutText = (text: string, maxChars: number): string =>
  cutChars(text, maxChars).replace(/\u200d$/, '');

/** The text on one line, with unseen characters shown as their code point, `\u{202e}`: for logs. */
export const showUnseen = (text: string): string =>
  text.replace(UNSEEN, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);

/**
 * `cleanText` for every string and key of a JSON value. Values nested deeper than a message's data become null,
 * because the stack is finite.
 */
export function cleanJson(value: unknown, depth: number = limits.message.dataLevels): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return null;
  if (Array.isArray(value)) return value.map((item) => cleanJson(item, depth - 1));
  const entries = Object.entries(value).map(([key, item]) => [cleanText(key), cleanJson(item, depth - 1)]);
  return Object.fromEntries(entries);
}
