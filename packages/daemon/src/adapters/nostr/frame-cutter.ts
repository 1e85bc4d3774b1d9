import type { Socket } from 'node:net';

/** Continues a message; the other opcodes of data begin one. */
const CONTINUATION = 0x0;
/** Opcodes from here on are of control frames, which may come between the frames of a message. */
const FIRST_CONTROL = 0x8;
const LENGTH_IN_2_BYTES = 126;
const LENGTH_IN_8_BYTES = 127;

/** Shortens messages in a stream of WebSocket frames (RFC 6455), as they come in. */
export interface FrameCutter {
  /** Returns what is left of these bytes. */
  cut(chunk: Buffer): Buffer;
}

/**
 * Cuts each message to its first bytes and drops the rest as it comes, so that a large one costs no memory. ws keeps a
 * whole message, and ends the connection at one that is too large.
 * @param onDropped called with the number of bytes that were dropped
 */
export function createFrameCutter(messageBytes: number, onDropped: (bytes: number) => void): FrameCutter {
  /** The start of a frame whose header is not complete. */
  let header: Buffer = Buffer.alloc(0);
  /** Bytes of the current frame that are still to come: to be kept, then to be dropped. */
  let keep = 0;
  let drop = 0;
  /** Bytes that the current message may still have. */
  let room = messageBytes;

  /** Reads the header of a frame. @returns null if it is not complete; else what to send in its place */
  function readHeader(bytes: Buffer): { readonly size: number; readonly cut: Buffer } | null {
    if (bytes.length < 2) return null;
    const [first, second] = bytes as unknown as [number, number];
    const short = second & 0x7f;
    // A server's frame has no mask: ws ends the connection at one.
    const size = short === LENGTH_IN_8_BYTES ? 10 : short === LENGTH_IN_2_BYTES ? 4 : 2;
    if (bytes.length < size) return null;
    const length =
      size === 10 ? Number(bytes.readBigUInt64BE(2)) : size === 4 ? bytes.readUInt16BE(2) : short;
    const opcode = first & 0x0f;
    if (opcode >= FIRST_CONTROL) {
      keep = length;
      return { size, cut: bytes.subarray(0, size) };
    }
    if (opcode !== CONTINUATION) room = messageBytes;
    keep = Math.min(length, room);
    drop = length - keep;
    room -= keep;
    return { size, cut: drop > 0 ? headerOf(first, keep) : bytes.subarray(0, size) };
  }

  return {
    cut(chunk) {
      const kept: Buffer[] = [];
      let bytes = header.length > 0 ? Buffer.concat([header, chunk]) : chunk;
      header = Buffer.alloc(0);
      while (bytes.length > 0) {
        if (keep > 0) {
          const part = bytes.subarray(0, keep);
          kept.push(part);
          keep -= part.length;
          bytes = bytes.subarray(part.length);
        } else if (drop > 0) {
          const dropped = Math.min(drop, bytes.length);
          drop -= dropped;
          bytes = bytes.subarray(dropped);
          onDropped(dropped);
        } else {
          const read = readHeader(bytes);
          if (!read) {
            header = bytes;
            break;
          }
          kept.push(read.cut);
          bytes = bytes.subarray(read.size);
        }
      }
      return kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept);
    },
  };
}

/** Cuts everything that this socket receives from now on, before ws reads it: ws has no place in between. */
export function cutIncoming(
  socket: Pick<Socket, 'push' | 'unshift'>,
  messageBytes: number,
  onDropped: (bytes: number) => void,
): void {
  const cutter = createFrameCutter(messageBytes, onDropped);
  const push = socket.push.bind(socket);
  const unshift = socket.unshift.bind(socket);
  socket.push = (chunk, encoding) => push(chunk === null ? null : cutter.cut(chunk), encoding);
  // What came together with the upgrade. An empty chunk would be taken for the end.
  socket.unshift = (chunk, encoding) => {
    const left = cutter.cut(chunk);
    if (left.length > 0) unshift(left, encoding);
  };
}

/** Returns the header of an unmasked frame. */
function headerOf(firstByte: number, length: number): Buffer {
  if (length < LENGTH_IN_2_BYTES) return Buffer.from([firstByte, length]);
  const isShort = length <= 0xffff;
  const header = Buffer.alloc(isShort ? 4 : 10);
  header[0] = firstByte;
  header[1] = isShort ? LENGTH_IN_2_BYTES : LENGTH_IN_8_BYTES;
  if (isShort) header.writeUInt16BE(length, 2);
  else header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}
