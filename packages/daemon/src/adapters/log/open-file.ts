import { closeSync, fchmodSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** The log file while it is open. */
export interface OpenFile {
  readonly fd: number;
  /** Whether the path still leads to it: somebody may have moved or removed it. Takes note where it was emptied. */
  isInPlace(): boolean;
  /** Notes what was written to its end. */
  grow(bytes: Uint8Array): void;
  size(): number;
  /** When something was last written to it before it was opened; null when it was empty. */
  readonly writtenAtMs: number | null;
  /** Its last line has no end: what follows needs a line of its own. */
  isTorn(): boolean;
  close(): void;
}

const LINE_END = 10;

/** Opens or makes it, for its owner alone. @throws the system's error */
export function openFile(path: string): OpenFile {
  const fd = openSync(path, 'a+', 0o600);
  const stats = fstatSync(fd);
  // What is no file, such as /dev/null, has neither a size nor an owner of ours.
  const isFile = stats.isFile();
  if (isFile && (stats.mode & 0o077) !== 0) fchmodSync(fd, 0o600);
  let size = isFile ? stats.size : 0;
  let torn = size > 0 && lastByte(fd, size) !== LINE_END;
  let open = true;

  return {
    fd,
    isInPlace() {
      const now = statSync(path, { throwIfNoEntry: false });
      if (now?.ino !== stats.ino || now.dev !== stats.dev) return false;
      if (isFile) size = now.size;
      return true;
    },
    grow(bytes) {
      if (bytes.length === 0) return;
      if (isFile) size += bytes.length;
      torn = bytes.at(-1) !== LINE_END;
    },
    size: () => size,
    writtenAtMs: size > 0 ? stats.mtimeMs : null,
    isTorn: () => torn,
    close() {
      // Once only: the number may belong to another file by now.
      if (open) closeSync(fd);
      open = false;
    },
  };
}

function lastByte(fd: number, size: number): number | undefined {
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, size - 1);
  return byte[0];
}
