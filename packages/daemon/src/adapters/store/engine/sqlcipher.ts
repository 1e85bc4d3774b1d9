import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  pbkdf2Sync,
  randomBytes,
} from 'node:crypto';
import { PAGE_BYTES, RESERVED_BYTES } from '../sql/sql.ts';

// SQLCipher 4 with a raw key: any SQLCipher tool opens the file. Each page of 4096 bytes contains AES-256-CBC ciphertext, a
// 16-byte IV, and an HMAC-SHA512 of ciphertext, IV and page number. Page 1 starts with the salt instead of
// "SQLite format 3\0". https://www.zetetic.net/sqlcipher/design/

const USABLE_BYTES = PAGE_BYTES - RESERVED_BYTES;
const IV_BYTES = 16;
const SALT_BYTES = 16;
const HMAC_SALT_MASK = 0x3a;
const HMAC_KEY_ROUNDS = 2;
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');

/** A page with a wrong HMAC: the file is damaged, or was encrypted with another key. */
class BadPageError extends Error {
  constructor(page: number) {
    super(`page ${page} is damaged, or the key is wrong`);
    this.name = 'BadPageError';
  }
}

/** Encrypts a SQLite image whose pages have 80 reserved bytes. */
export function encryptImage(image: Uint8Array, key: Uint8Array): Buffer {
  if (image[20] !== RESERVED_BYTES) throw new Error('the image leaves no room for encryption');
  const salt = randomBytes(SALT_BYTES);
  const hmacKey = deriveHmacKey(key, salt);
  const pageKey = createSecretKey(key);
  const out = Buffer.allocUnsafe(image.length);
  const pages = image.length / PAGE_BYTES;
  const ivs = randomBytes(IV_BYTES * pages);
  for (let page = 0; page < pages; page++) {
    const start = page * PAGE_BYTES;
    const skip = page === 0 ? SALT_BYTES : 0;
    if (page === 0) salt.copy(out, 0);
    const iv = ivs.subarray(page * IV_BYTES, (page + 1) * IV_BYTES);
    const cipher = createCipheriv('aes-256-cbc', pageKey, iv).setAutoPadding(false);
    cipher.update(image.subarray(start + skip, start + USABLE_BYTES)).copy(out, start + skip);
    iv.copy(out, start + USABLE_BYTES);
    const sealed = out.subarray(start + skip, start + USABLE_BYTES + IV_BYTES);
    pageHmac(hmacKey, sealed, page + 1).copy(out, start + USABLE_BYTES + IV_BYTES);
  }
  return out;
}

/** Decrypts an image. @throws BadPageError */
export function decryptImage(sealed: Uint8Array, key: Uint8Array): Uint8Array {
  if (sealed.length === 0 || sealed.length % PAGE_BYTES !== 0) throw new BadPageError(1);
  const hmacKey = deriveHmacKey(key, sealed.subarray(0, SALT_BYTES));
  const pageKey = createSecretKey(key);
  const out = Buffer.alloc(sealed.length);
  for (let page = 0; page < sealed.length / PAGE_BYTES; page++) {
    const start = page * PAGE_BYTES;
    const skip = page === 0 ? SALT_BYTES : 0;
    const body = sealed.subarray(start + skip, start + USABLE_BYTES + IV_BYTES);
    const hmac = sealed.subarray(start + USABLE_BYTES + IV_BYTES, start + PAGE_BYTES);
    if (!pageHmac(hmacKey, body, page + 1).equals(hmac)) throw new BadPageError(page + 1);
    const iv = sealed.subarray(start + USABLE_BYTES, start + USABLE_BYTES + IV_BYTES);
    const decipher = createDecipheriv('aes-256-cbc', pageKey, iv).setAutoPadding(false);
    decipher.update(sealed.subarray(start + skip, start + USABLE_BYTES)).copy(out, start + skip);
  }
  MAGIC.copy(out, 0);
  return out;
}

/** As a key object: Node 24 takes twice as long for each page with a buffer. */
const deriveHmacKey = (key: Uint8Array, salt: Uint8Array): KeyObject =>
  createSecretKey(
    pbkdf2Sync(key, Buffer.from(salt.map((byte) => byte ^ HMAC_SALT_MASK)), HMAC_KEY_ROUNDS, 32, 'sha512'),
  );

function pageHmac(key: KeyObject, body: Uint8Array, page: number): Buffer {
  const number = Buffer.alloc(4);
  number.writeUInt32LE(page);
  return createHmac('sha512', key).update(body).update(number).digest();
}
