import type { Write } from './survivors.ts';

/** The bytes of a file, in a buffer that has room to grow. */
export interface FileContent {
  length(): number;
  copy(): Buffer;
  /** Fills a gap before the write with zeros. */
  write(write: Write): void;
  replaceBy(bytes: Uint8Array): void;
}

export function createFileContent(initial: Uint8Array): FileContent {
  let room = Buffer.from(initial);
  let used = initial.length;
  return {
    length: () => used,
    copy: () => Buffer.from(room.subarray(0, used)),
    write({ position, bytes }) {
      const end = position + bytes.length;
      if (end > room.length) {
        const larger = Buffer.alloc(2 * end);
        larger.set(room.subarray(0, used));
        room = larger;
      }
      room.set(bytes, position);
      used = Math.max(used, end);
    },
    replaceBy(bytes) {
      room = Buffer.from(bytes);
      used = bytes.length;
    },
  };
}
