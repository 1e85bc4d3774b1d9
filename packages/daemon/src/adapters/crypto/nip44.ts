import { createCipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

// NIP-44 version 2: ChaCha20 and HMAC-SHA256 with keys derived for each message; padding hides the length.

const VERSION = 2;
const NONCE_BYTES = 32;
const MAC_BYTES = 32;
/** Version, nonce, the smallest padded text (2 + 32 bytes) and MAC. */
const MIN_BYTES = 1 + NONCE_BYTES + 34 + MAC_BYTES;
const MAX_BYTES = 65_535;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Derives the long-term key of two parties from their shared x coordinate. */
export const conversationKey = (sharedX: Uint8Array): Uint8Array =>
  createHmac('sha256', 'nip44-v2').update(sharedX).digest();

export function sealNip44(
  key: Uint8Array,
  plaintext: string,
  nonce: Uint8Array = randomBytes(NONCE_BYTES),
): string {
  const { cipherKey, cipherNonce, macKey } = messageKeys(key, nonce);
  const sealed = chacha20(cipherKey, cipherNonce, pad(plaintext));
  const mac = createHmac('sha256', macKey).update(nonce).update(sealed).digest();
  return Buffer.concat([Uint8Array.of(VERSION), nonce, sealed, mac]).toString('base64');
}

/** Decrypts a payload. @throws if it was not encrypted with this key */
export function openNip44(key: Uint8Array, payload: string): string {
  const bytes = Buffer.from(payload, 'base64');
  // Buffer ignores invalid characters and stray bits, so that one message would have many payloads.
  if (bytes.toString('base64') !== payload) throw new Error('invalid base64');
  if (bytes.length < MIN_BYTES || bytes[0] !== VERSION) throw new Error('not a NIP-44 version 2 payload');
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
  const sealed = bytes.subarray(1 + NONCE_BYTES, bytes.length - MAC_BYTES);
  const { cipherKey, cipherNonce, macKey } = messageKeys(key, nonce);
  const mac = createHmac('sha256', macKey).update(nonce).update(sealed).digest();
  if (!timingSafeEqual(mac, bytes.subarray(bytes.length - MAC_BYTES))) throw new Error('invalid MAC');
  return unpad(chacha20(cipherKey, cipherNonce, sealed));
}

/** Derives the keys of one message. */
export function messageKeys(key: Uint8Array, nonce: Uint8Array) {
  // The conversation key is already HKDF's pseudo-random key, so only the expand step remains.
  const expanded = hkdfExpand(key, nonce, 76);
  return {
    cipherKey: expanded.subarray(0, 32),
    cipherNonce: expanded.subarray(32, 44),
    macKey: expanded.subarray(44, 76),
  };
}

function hkdfExpand(key: Uint8Array, info: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = [];
  let last: Uint8Array = new Uint8Array();
  for (let counter = 1; blocks.length * 32 < length; counter++) {
    const block = createHmac('sha256', key).update(last).update(info).update(Uint8Array.of(counter)).digest();
    blocks.push(block);
    last = block;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function chacha20(key: Uint8Array, nonce: Uint8Array, data: Uint8Array): Buffer {
  // OpenSSL's initialisation vector is a 32-bit block counter, starting at 0, and the nonce.
  const cipher = createCipheriv('chacha20', key, Buffer.concat([new Uint8Array(4), nonce]));
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

/** Returns two bytes of length, the text, and zeros up to the padded length. */
function pad(plaintext: string): Buffer {
  const text = Buffer.from(plaintext, 'utf8');
  if (text.length < 1 || text.length > MAX_BYTES) throw new Error('only 1 to 65535 bytes can be encrypted');
  const padded = Buffer.alloc(2 + paddedLength(text.length));
  padded.writeUInt16BE(text.length);
  text.copy(padded, 2);
  return padded;
}

function unpad(padded: Buffer): string {
  const length = padded.readUInt16BE();
  if (length < 1 || padded.length !== 2 + paddedLength(length)) throw new Error('invalid padding');
  return utf8.decode(padded.subarray(2, 2 + length));
}

/** Returns the length to which a text of that many bytes is padded. */
export function paddedLength(length: number): number {
  if (length <= 32) return 32;
  const nextPower = 2 ** (Math.floor(Math.log2(length - 1)) + 1);
  const chunk = nextPower <= 256 ? 32 : nextPower / 8;
  return chunk * (Math.floor((length - 1) / chunk) + 1);
}
