import type { LogFields } from '@ocmesh/shared/ambient';
import { cutChars } from '@ocmesh/shared/contract';

const VALUE_CHARS = 200;
/** Ours, and useless when cut. */
const STACK_CHARS = 4000;

// Everything that moves a cursor, hides or reorders text: C0, DEL, C1, soft hyphen, zero-width, bidi, tags, halves of
// surrogate pairs. pino escapes only what is below U+0020.
const DECEPTIVE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Surrogate}]/gu;

/** The text on one line, with whatever could deceive a reader shown as its number. */
export const cleanText = (text: string, most = VALUE_CHARS): string =>
  cutChars(text, most).replace(DECEPTIVE, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);

/** `[TIMESTAMP] [LEVEL] message field=value …` */
export function formatLine(timeMs: number, level: string, message: string, fields: LogFields): string {
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${formatValue(value, name === 'stack' ? STACK_CHARS : VALUE_CHARS)}`)
    .join('');
  return `[${new Date(timeMs).toISOString()}] [${level.toUpperCase()}] ${cleanText(message)}${rest}\n`;
}

function formatValue(value: LogFields[string], most: number): string {
  const text = cleanText(String(value), most);
  return /[\s="]/.test(text) ? JSON.stringify(text) : text;
}
