import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hasFrameAfter, isNotTorn, openFrame, sealFrame, segmentKey } from './frame.ts';

const key = segmentKey(new Uint8Array(32).fill(1), new Uint8Array(16).fill(2));
const text = (content: string): Buffer => Buffer.from(content);
const frames = (...contents: string[]): Buffer[] =>
  contents.map((content, at) => sealFrame(key, at + 1, text(content)));

describe(openFrame, () => {
  it('opens a sealed frame at any position', () => {
    const bytes = Buffer.concat([Buffer.alloc(5), ...frames('one', 'two')]);
    const first = openFrame(key, 1, bytes, 5);
    expect(first?.plaintext.toString()).toBe('one');
    const second = openFrame(key, 2, bytes, first?.end ?? 0);
    expect(second?.plaintext.toString()).toBe('two');
    expect(second?.end).toBe(bytes.length);
  });

  it('refuses frames that were swapped, repeated or moved', () => {
    const [one, two] = frames('same', 'size') as [Buffer, Buffer];
    expect(openFrame(key, 1, two, 0)).toBeNull();
    expect(openFrame(key, 2, Buffer.concat([one, one]), one.length)).toBeNull();
    const renumbered = Buffer.from(one);
    renumbered.writeUInt32BE(2, 4);
    expect(openFrame(key, 2, renumbered, 0)).toBeNull();
  });

  it('refuses the frame of another segment', () => {
    const other = segmentKey(new Uint8Array(32).fill(1), new Uint8Array(16).fill(3));
    expect(openFrame(other, 1, frames('one')[0] as Buffer, 0)).toBeNull();
  });

  it('refuses a frame with any bit flipped', () => {
    const frame = frames('a short text')[0] as Buffer;
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const flipped = Buffer.from(frame);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(openFrame(key, 1, flipped, 0)).toBeNull();
    }
  });

  it('refuses a truncated frame', () => {
    const frame = frames('a short text')[0] as Buffer;
    for (let end = 0; end < frame.length; end++) {
      expect(openFrame(key, 1, frame.subarray(0, end), 0)).toBeNull();
    }
  });

  it('finds no frame in zeros or noise', () => {
    expect(openFrame(key, 1, Buffer.alloc(1000), 0)).toBeNull();
    expect(openFrame(key, 1, randomBytes(1000), 0)).toBeNull();
  });
});

describe(sealFrame, () => {
  it('refuses a frame that would be too long to be read again', () => {
    expect(() => sealFrame(key, 1, Buffer.alloc(2 ** 24 - 16))).toThrow(RangeError);
    const longest = sealFrame(key, 1, Buffer.alloc(2 ** 24 - 17));
    expect(openFrame(key, 1, longest, 0)).not.toBeNull();
  });
});

describe(hasFrameAfter, () => {
  it('finds a later frame behind damage of any length', () => {
    const [one, two, three] = frames('one', 'two', 'three') as [Buffer, Buffer, Buffer];
    const bytes = Buffer.concat([one, randomBytes(two.length + 3), three, Buffer.alloc(100)]);
    expect(hasFrameAfter(key, 2, bytes, one.length)).toBe(true);
  });

  it('does not take an earlier frame, noise or zeros for one', () => {
    const [one, two] = frames('one', 'two') as [Buffer, Buffer];
    const bytes = Buffer.concat([one, one, two.subarray(1), randomBytes(5_000), Buffer.alloc(5_000)]);
    expect(hasFrameAfter(key, 2, bytes, one.length)).toBe(false);
  });
});

describe(isNotTorn, () => {
  const frame = sealFrame(key, 1, randomBytes(300));
  const room = (...parts: Uint8Array[]): Buffer =>
    Buffer.concat([...parts, Buffer.alloc(4096)]).subarray(0, 4096);

  it('takes any part of a frame with nothing behind it for a crash', () => {
    for (let end = 1; end < frame.length; end++)
      expect(isNotTorn(1, room(frame.subarray(0, end)), 0)).toBe(false);
    expect(isNotTorn(1, room(Buffer.alloc(100), frame.subarray(100)), 0)).toBe(false);
    expect(isNotTorn(1, room(frame.subarray(0, 50), Buffer.alloc(100), frame.subarray(150)), 0)).toBe(false);
  });

  it('takes a frame longer than the file for a truncation', () => {
    for (let end = 1; end < frame.length; end++) expect(isNotTorn(1, frame.subarray(0, end), 0)).toBe(true);
  });

  it('takes bytes behind the frame for damage', () => {
    const damaged = Buffer.from(frame);
    damaged[100] = (damaged[100] as number) ^ 1;
    expect(isNotTorn(1, room(damaged, Buffer.alloc(10), Buffer.from([1])), 0)).toBe(true);
    expect(isNotTorn(1, room(damaged), 0)).toBe(false);
  });

  it('does not trust a length in a sector that may be missing half of the head', () => {
    const long = sealFrame(key, 1, randomBytes(0x20000));
    const at = 512 - 2;
    const bytes = Buffer.alloc(0x30000);
    long.copy(bytes, at);
    bytes.fill(0, 0, 512);
    expect(bytes.readUInt32BE(at)).toBeLessThan(long.length - 8);
    expect(isNotTorn(1, bytes, at)).toBe(false);
  });
});
