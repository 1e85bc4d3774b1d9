import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFrameCutter } from './frame-cutter.ts';

const LIMIT = 300;
const TEXT = 0x1;
const CONTINUATION = 0x0;
const PING = 0x9;

function frame(opcode: number, payload: Buffer, isLast = true): Buffer {
  const first = (isLast ? 0x80 : 0) | opcode;
  const { length } = payload;
  const header =
    length < 126 ? [first, length] : length < 65_536 ? [first, 126, length >> 8, length & 255] : [first, 127];
  const rest = Buffer.alloc(length < 65_536 ? 0 : 8);
  if (rest.length > 0) rest.writeBigUInt64BE(BigInt(length));
  return Buffer.concat([Buffer.from(header), rest, payload]);
}

/** Reads frames as a WebSocket client does. */
function read(wire: Buffer): { messages: string[]; pings: number } {
  const messages: string[] = [];
  let pings = 0;
  let message = '';
  for (let at = 0; at < wire.length; ) {
    const [first, short] = wire.subarray(at) as unknown as [number, number];
    const size = short === 127 ? 10 : short === 126 ? 4 : 2;
    const length =
      size === 10 ? Number(wire.readBigUInt64BE(at + 2)) : size === 4 ? wire.readUInt16BE(at + 2) : short;
    const payload = wire.toString('latin1', at + size, at + size + length);
    at += size + length;
    if ((first & 15) === PING) pings++;
    else {
      message += payload;
      if (first & 0x80) {
        messages.push(message);
        message = '';
      }
    }
  }
  return { messages, pings };
}

/** Passes the bytes through the cutter in these chunks. @returns messages, pings and the bytes that were dropped */
function receive(bytes: Buffer, chunkSizes: readonly number[]) {
  let dropped = 0;
  const wire: Buffer[] = [];
  const cutter = createFrameCutter(LIMIT, (count) => {
    dropped += count;
  });
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = chunkSizes[turn % chunkSizes.length] as number;
    wire.push(cutter.cut(bytes.subarray(at, at + size)));
    at += size;
  }
  return { ...read(Buffer.concat(wire)), dropped };
}

const payloads = fc.array(
  fc.record({
    parts: fc.array(fc.oneof(fc.nat(140), fc.integer({ min: 200, max: 700 }), fc.constant(70_000)), {
      minLength: 1,
      maxLength: 4,
    }),
    pings: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);
const chunks = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(65_536)), {
  minLength: 1,
  maxLength: 9,
});

test('cuts each message to its first bytes, in whatever frames and chunks it comes, and lets pings pass', () => {
  fc.assert(
    fc.property(payloads, chunks, (messages, chunkSizes) => {
      const texts = messages.map(({ parts }, index) =>
        parts.map((size) => String.fromCharCode(97 + index).repeat(size)),
      );
      const pingCount = messages.filter(({ pings, parts }) => pings && parts.length > 1).length;
      const wire = messages.flatMap(({ pings }, index) => {
        const parts = texts[index] as string[];
        return parts.flatMap((part, at) => [
          ...(pings && at === 1 ? [frame(PING, Buffer.from('?'))] : []),
          frame(at === 0 ? TEXT : CONTINUATION, Buffer.from(part), at === parts.length - 1),
        ]);
      });
      const whole = texts.map((parts) => parts.join(''));
      const total = whole.reduce((sum, text) => sum + text.length, 0);
      const cut = whole.map((text) => text.slice(0, LIMIT));
      const { messages: got, pings, dropped } = receive(Buffer.concat(wire), chunkSizes);
      expect(got).toEqual(cut);
      expect(pings).toBe(pingCount);
      expect(dropped).toBe(total - cut.join('').length);
    }),
    { numRuns: 50 },
  );
});

test('keeps nothing of a message that never ends', () => {
  let dropped = 0;
  const cutter = createFrameCutter(LIMIT, (count) => {
    dropped += count;
  });
  const header = Buffer.from([0x81, 127, 0, 0x1f, 255, 255, 255, 255, 255, 255]);
  const chunk = Buffer.alloc(65_536, 'x');
  expect(cutter.cut(Buffer.concat([header, chunk]))).toHaveLength(4 + LIMIT);
  for (let n = 0; n < 100; n++) expect(cutter.cut(chunk)).toHaveLength(0);
  expect(dropped).toBe(101 * chunk.length - LIMIT);
});
