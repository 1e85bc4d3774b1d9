import * as nip19 from 'nostr-tools/nip19';
import * as nip49 from 'nostr-tools/nip49';

/** scrypt rounds of an export, as a power of two: 1.2 s and 256 MB, once. */
const EXPORT_LOG_N = 18;
/** More would take gigabytes: nobody writes that but to hurt. */
const MOST_LOG_N = 20;
const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** Why a text is no secret key. Never repeats the text. */
export class SecretKeyTextError extends Error {
  constructor(why: string, cause?: unknown) {
    super(why, { cause });
    this.name = 'SecretKeyTextError';
  }
}

export const toNsec = (secretKey: Uint8Array): string => nip19.nsecEncode(secretKey);

/** NIP-49: the secret key under a passphrase. Blocks for a second or two. */
export const toNcryptsec = (secretKey: Uint8Array, passphrase: string): string =>
  nip49.encrypt(secretKey, passphrase, EXPORT_LOG_N);

export const needsPassphrase = (text: string): boolean => text.trim().startsWith('ncryptsec1');

/** Reads `nsec1…`, or `ncryptsec1…` with its passphrase. @throws SecretKeyTextError */
export function parseSecretKey(text: string, passphrase: string): Uint8Array {
  const trimmed = text.trim();
  try {
    if (needsPassphrase(trimmed)) {
      if (logN(trimmed) > MOST_LOG_N)
        throw new SecretKeyTextError('The key asks for too much memory to be opened.');
      return nip49.decrypt(trimmed, passphrase);
    }
    const decoded = nip19.decode(trimmed);
    if (decoded.type === 'nsec') return decoded.data;
  } catch (error) {
    if (error instanceof SecretKeyTextError) throw error;
    if (needsPassphrase(trimmed))
      throw new SecretKeyTextError('The passphrase is wrong, or the key is damaged.', error);
  }
  throw new SecretKeyTextError('This is no secret key: nsec1… or ncryptsec1… is expected.');
}

/** The second byte of an ncryptsec: bits 8 to 15 of the five-bit characters after the prefix. */
function logN(ncryptsec: string): number {
  const bits = [...ncryptsec.slice('ncryptsec1'.length, 'ncryptsec1'.length + 4)]
    .map((char) => BECH32.indexOf(char).toString(2).padStart(5, '0'))
    .join('');
  return Number.parseInt(bits.slice(8, 16), 2);
}
