import { createHash } from 'node:crypto';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';

const FINAL = 0x80;
const COMPRESSED = 0x40;
const opcodes = { text: 0x1, pong: 0xa } as const;
/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Returns a WebSocket frame as a server sends it (RFC 6455 §5.2). */
export function wireFrame(
  type: keyof typeof opcodes,
  payload: Buffer,
  options: { readonly compressed?: boolean } = {},
): Buffer {
  const first = FINAL | (options.compressed ? COMPRESSED : 0) | opcodes[type];
  return Buffer.concat([Buffer.from([first]), lengthBytes(payload.length), payload]);
}

function lengthBytes(length: number): Buffer {
  if (length < 126) return Buffer.from([length]);
  if (length < 65_536) return Buffer.from([126, length >> 8, length & 0xff]);
  const bytes = Buffer.alloc(9);
  bytes[0] = 127;
  bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

/** Returns the `Sec-WebSocket-Accept` header for a key. */
export const acceptKey = (key: string): string => createHash('sha1').update(`${key}${GUID}`).digest('base64');

/** Returns a NOTICE of this size, compressed for permessage-deflate (RFC 7692 §7.2.1) to about a thousandth. */
export function deflatedNotice(bytes: number): Buffer {
  const text = Buffer.alloc(bytes, 0x78);
  text.write('["NOTICE","');
  text.write('"]', bytes - 2);
  const deflated = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
  return deflated.subarray(0, deflated.length - 4);
}

/** Returns a compressed NIP-11 document that is mostly blanks. */
export function gzippedDocument(bytes: number): Buffer {
  const text = Buffer.alloc(bytes, 0x20);
  text.write('{"name":"small","supported_nips":[1,11]');
  text.write('}', bytes - 1);
  return gzipSync(text);
}
