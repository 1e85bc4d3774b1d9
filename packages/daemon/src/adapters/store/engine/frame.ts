import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

// One authenticated record of a journal segment: 4 bytes length, 4 bytes index, then AES-256-GCM ciphertext and tag.
// The index is the nonce and is authenticated with the length: frames cannot be swapped, repeated or moved.

const FRAME_HEAD_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SECTOR_BYTES = 512;
/** Far more than any group commit; a greater length is damage. */
const MAX_BYTES = 2 ** 24 - 1;

const zeros = Buffer.alloc(64 * 1024);

/** Derives the key of a segment. Its salt is random, so no pair of key and nonce is ever used twice. */
export const segmentKey = (dataKey: Uint8Array, salt: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', dataKey, salt, 'ocmesh journal 1', 32));

export function sealFrame(key: Uint8Array, index: number, plaintext: Uint8Array): Buffer {
  if (plaintext.length + TAG_BYTES > MAX_BYTES)
    throw new RangeError('the frame is too long to be read again');
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt32BE(plaintext.length + TAG_BYTES, 0);
  head.writeUInt32BE(index, 4);
  const cipher = createCipheriv('aes-256-gcm', key, nonce(index)).setAAD(head);
  return Buffer.concat([head, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Opens the frame with this index at this position; null if there is no complete, authentic one. */
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
  if (length <= TAG_BYTES || length > MAX_BYTES || end > bytes.length) return null;
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

/** Whether there is an authentic frame with this or a later index anywhere after `position`: then the bytes before it are damaged. */
export function hasFrameAfter(key: Uint8Array, index: number, bytes: Buffer, position: number): boolean {
  for (let at = position; at + FRAME_HEAD_BYTES + TAG_BYTES < bytes.length; at++) {
    // Length and index of a frame are below 2^24: most positions fail here.
    if (bytes[at] !== 0 || bytes[at + 4] !== 0) continue;
    const found = bytes.readUInt32BE(at + 4);
    if (found >= index && openFrame(key, found, bytes, at)) return true;
  }
  return false;
}

/**
 * Whether the bytes at `position` cannot come from a crash while this frame was written: the room for it was allocated
 * before, and nothing was written behind it.
 */
export function isNotTorn(index: number, bytes: Buffer, position: number): boolean {
  const start = position + FRAME_HEAD_BYTES;
  if (start > bytes.length) return true;
  const length = bytes.readUInt32BE(position);
  if (bytes.readUInt32BE(position + 4) !== index || length > MAX_BYTES) return false;
  if (start + length > bytes.length) return true;
  // Of a head in two sectors, one half may be there without the other.
  const isWhole = (position % SECTOR_BYTES) + FRAME_HEAD_BYTES <= SECTOR_BYTES;
  return isWhole && !isBlank(bytes, start + length);
}

/** Whether there are only zeros from `position` on. */
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
