/** Length of a text in bytes of UTF-8, without encoding it. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** The first `max` characters (code points) of a text. */
export function cutChars(text: string, max: number): string {
  if (text.length <= max) return text;
  return Array.from(text).slice(0, max).join('');
}

/** Whether lists and objects in a JSON value are nested at most `levels` deep. */
export const isNestedWithin = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((part) => isNestedWithin(part, levels - 1)));

/** Whether a value holds a number that JSON does not carry: 64-bit ids change in the last digits. */
export const hasInexactInteger = (value: unknown): boolean =>
  typeof value === 'number'
    ? // 1e400 is read as infinite, and written as null.
      !Number.isFinite(value) ||
      (Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21)
    : typeof value === 'object' && value !== null && Object.values(value).some(hasInexactInteger);
