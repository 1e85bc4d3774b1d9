import { OcmeshError } from '@ocmesh/shared/contract';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Decodes bytes, or returns null if they are not UTF-8: replacing what is wrong would change the caller's text. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** Decodes text whose bytes Node took for Latin-1, as it does in headers; null if they are not UTF-8. */
export const decodeLatin1AsUtf8 = (text: string): string | null => decodeUtf8(Buffer.from(text, 'latin1'));

/** An error for a part of a request that is not UTF-8. */
export const notUtf8 = (part: string): OcmeshError =>
  new OcmeshError('invalid_request', { message: `The ${part} is not UTF-8.`, problem: 'not_utf8' });
