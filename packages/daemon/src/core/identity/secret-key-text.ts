import * as nip19 from 'nostr-tools/nip19';
import * as nip49 from 'nostr-tools/nip49';

/** scrypt rounds of an export, as a power of two: 1.2 s and 256 MB. */
const EXPORT_LOG_N = 18;
/** More rounds would take gigabytes: only an attack asks for that. */
const MAX_LOG_N = 20;
const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** Says why a text is not a secret key. Never repeats the text. */
export class SecretKeyTextError extends Error {
  constructor(why: string, cause?: unknown) {
    super(why, { cause });
    this.name = 'SecretKeyTextError';
  }
}

export const toNsec = (secretKey: Uint8Array): string => nip19.nsecEncode(secretKey);

/** Encrypts the secret key with a passphrase (NIP-49). Blocks for a second or two. */
export const toNcryptsec = (secretKey: Uint8Array, passphrase: string): string =>
  nip49.encrypt(secretKey, passphrase, EXPORT_LOG_N);

export const needsPassphrase = (text: string): boolean => text.trim().startsWith('ncryptsec1');

/** Parses `nsec1…`, or `ncryptsec1…` with its passphrase. @throws SecretKeyTextError */
export function parseSecretKey(text: string, passphrase: string): Uint8Array {
  const trimmed = text.trim();
  try {
    if (needsPassphrase(trimmed)) {
      if (logN(trimmed) > MAX_LOG_N)
        throw new SecretKeyTextError('Decrypting this key would take too much memory.');
      return nip49.decrypt(trimmed, passphrase);
    }
    const decoded = nip19.decode(trimmed);
    if (decoded.type === 'nsec') return decoded.data;
  } catch (error) {
    if (error instanceof SecretKeyTextError) throw error;
    if (needsPassphrase(trimmed))
      throw new SecretKeyTextError('The passphrase is wrong, or the key is damaged.', error);
  }
  throw new SecretKeyTextError('Not a secret key: expected nsec1… or ncryptsec1….');
}

/** Returns the scrypt rounds: byte 2 of an ncryptsec, which is bits 8 to 15 of the 5-bit characters after the prefix. */
function logN(ncryptsec: string): number {
  const bits = [...ncryptsec.slice('ncryptsec1'.length, 'ncryptsec1'.length + 4)]
    .map((char) => BECH32.indexOf(char).toString(2).padStart(5, '0'))
    .join('');
  return Number.parseInt(bits.slice(8, 16), 2);
}
