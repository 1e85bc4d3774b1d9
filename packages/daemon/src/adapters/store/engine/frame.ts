import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

// One authenticated record of a journal segment: 4 bytes length, 4 bytes index, then AES-256-GCM ciphertext and tag.
// The index is the nonce and is authenticated with the length: frames cannot be swapped, repeated or moved.

const FRAME_HEAD_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SECTOR_BYTES = 512;
/** No group commit comes near it; a length beyond it is damage. */
const MOST_BYTES = 2 ** 24 - 1;

const zeros = Buffer.alloc(64 * 1024);

/** A key for one segment: its salt is random, so no pair of key and nonce is ever used twice. */
export const segmentKey = (dataKey: Uint8Array, salt: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', dataKey, salt, 'ocmesh journal 1', 32));

export function sealFrame(key: Uint8Array, index: number, plaintext: Uint8Array): Buffer {
  if (plaintext.length + TAG_BYTES > MOST_BYTES)
    throw new RangeError('a frame would be too long to be read again');
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt32BE(plaintext.length + TAG_BYTES, 0);
  head.writeUInt32BE(index, 4);
  const cipher = createCipheriv('aes-256-gcm', key, nonce(index)).setAAD(head);
  return Buffer.concat([head, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The frame with this index at this place; null when there is none, or not a whole authentic one. */
export function openFrame(
  key: Uint8Array,
  index: number,
  bytes: Buffer,
  position: number,
): { plaintext: Buffer; end: number } | null {
  const start = position + FRAME_HEAD_BYTES;
  if (start > bytes.length || bytes.readUInt32BE(position + 4) !== index) return null;
  const length = bytes.readUInt32BE(position);
  const end = start + length;
  if (length <= TAG_BYTES || length > MOST_BYTES || end > bytes.length) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(index))
    .setAAD(bytes.subarray(position, start))
    .setAuthTag(bytes.subarray(end - TAG_BYTES, end));
  try {
    const plaintext = Buffer.concat([
      decipher.update(bytes.subarray(start, end - TAG_BYTES)),
      decipher.final(),
    ]);
    return { plaintext, end };
  } catch {
    return null;
  }
}

/** Whether any authentic frame from this index on stands anywhere after `position`: then what precedes it is damage. */
export function hasFrameAfter(key: Uint8Array, index: number, bytes: Buffer, position: number): boolean {
  for (let at = position; at + FRAME_HEAD_BYTES + TAG_BYTES < bytes.length; at++) {
    // Every frame has less than 2^24 bytes and follows far fewer than 2^24 others: most places fail here.
    if (bytes[at] !== 0 || bytes[at + 4] !== 0) continue;
    const found = bytes.readUInt32BE(at + 4);
    if (found >= index && openFrame(key, found, bytes, at)) return true;
  }
  return false;
}

/**
 * Whether what stands at `position` in place of this frame cannot come from a crash while it was written: room was made
 * for the whole frame before, and nothing was written behind it.
 */
export function isNotTorn(index: number, bytes: Buffer, position: number): boolean {
  const start = position + FRAME_HEAD_BYTES;
  if (start > bytes.length) return true;
  const length = bytes.readUInt32BE(position);
  if (bytes.readUInt32BE(position + 4) !== index || length > MOST_BYTES) return false;
  if (start + length > bytes.length) return true;
  // One half of a head in two sectors may be there without the other.
  const isWhole = (position % SECTOR_BYTES) + FRAME_HEAD_BYTES <= SECTOR_BYTES;
  return isWhole && !isBlank(bytes, start + length);
}

/** Whether there are only zeros from here on. */
export function isBlank(bytes: Buffer, position: number): boolean {
  for (let at = position; at < bytes.length; at += zeros.length) {
    const part = bytes.subarray(at, at + zeros.length);
    if (zeros.compare(part, 0, part.length, 0, part.length) !== 0) return false;
  }
  return true;
}

function nonce(index: number): Buffer {
  const bytes = Buffer.alloc(NONCE_BYTES);
  bytes.writeUInt32BE(index, NONCE_BYTES - 4);
  return bytes;
}
