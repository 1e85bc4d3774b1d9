/** A public key as 64 lower-case hex digits (NIP-01). */
export type Pubkey = string & { readonly __pubkey: never };

const HEX_64 = /^[0-9a-f]{64}$/;

/** Whether the text is a public key (or an event id: both are 32 bytes) in hex. */
export const isHex64 = (text: unknown): text is string => typeof text === 'string' && HEX_64.test(text);

export const isPubkey = (text: unknown): text is Pubkey => isHex64(text);

/** Bytes of the text in UTF-8, without encoding it. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** The first `max` characters (code points) of the text. */
export function cutChars(text: string, max: number): string {
  if (text.length <= max) return text;
  return Array.from(text).slice(0, max).join('');
}
