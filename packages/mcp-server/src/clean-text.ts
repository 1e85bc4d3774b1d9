import { cutChars } from '@ocmesh/shared/contract';

const LONE_SURROGATE = /[\ud800-\udfff]/gu;
const LINE_END = /\r\n?|[\u0085\u2028\u2029]/g;
/**
 * Controls, bidi marks, zero-width, tag and filler characters (Default_Ignorable_Code_Point).
 * Tab and line feed stay, and the presentation selector right after an emoji.
 */
const UNSEEN = /(?![\t\n]|(?<=\p{Extended_Pictographic})[\ufe0e\ufe0f])[\p{Cc}\p{DI}\ufff9-\ufffb]/gu;

/** Levels of `data` that are shown: JSON may nest deeper than a stack can follow. */
const DATA_DEPTH = 16;

/** Text of a peer or relay without what a reader cannot see. Line ends become line feeds. */
export const cleanText = (text: string): string =>
  text
    // First of all: taking out what stands between two halves would join them to a new character.
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(LINE_END, '\n')
    .replace(UNSEEN, '');

/** The same on one line, at most `maxChars` characters: names, reasons, claims. */
export const cleanLine = (text: string, maxChars: number): string =>
  cutChars(cleanText(text).replace(/\s+/g, ' ').trim(), maxChars);

/** The same for every string and key of a JSON value. What nests deeper than 16 levels becomes null. */
export function cleanJson(value: unknown, depth = DATA_DEPTH): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return null;
  if (Array.isArray(value)) return value.map((item) => cleanJson(item, depth - 1));
  const entries = Object.entries(value).map(([key, item]) => [cleanText(key), cleanJson(item, depth - 1)]);
  return Object.fromEntries(entries);
}
