import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

// One authenticated record of a journal segment: 4 bytes length, 4 bytes index, then AES-256-GCM ciphertext and tag.
// The index is the nonce and is authenticated with the length: frames cannot be swapped, repeated or moved.

export const FRAME_HEAD_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** No group commit comes near it; a length beyond it is damage. */
const MOST_BYTES = 64 * 1024 * 1024;

/** A key for one segment: its salt is random, so no pair of key and nonce is ever used twice. */
export const segmentKey = (dataKey: Uint8Array, salt: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', dataKey, salt, 'ocmesh journal 1', 32));

export function sealFrame(key: Uint8Array, index: number, plaintext: Uint8Array): Buffer {
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
    // Every frame has far less than 2^24 bytes and follows far fewer than 2^24 others: most places fail here.
    if (bytes[at] !== 0 || bytes[at + 4] !== 0) continue;
    const found = bytes.readUInt32BE(at + 4);
    if (found >= index && openFrame(key, found, bytes, at)) return true;
  }
  return false;
}

function nonce(index: number): Buffer {
  const bytes = Buffer.alloc(NONCE_BYTES);
  bytes.writeUInt32BE(index, NONCE_BYTES - 4);
  return bytes;
}
