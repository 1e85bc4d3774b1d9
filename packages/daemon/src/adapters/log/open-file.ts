import { closeSync, fchmodSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** The log file while it is open. */
export interface OpenFile {
  readonly fd: number;
  /** Whether the path still leads to this file: it may have been moved or removed. Also notices if it was truncated. */
  isInPlace(): boolean;
  /** Takes note of bytes that were appended. */
  grow(bytes: Uint8Array): void;
  size(): number;
  /** Time of the last write before the file was opened; null if it was empty. */
  readonly writtenAtMs: number | null;
  /** Whether the last line has no line end, so that the next one has to start with one. */
  isTorn(): boolean;
  close(): void;
}

const LINE_END = 10;

/** Opens or creates the file, readable by its owner only. @throws the system's error */
export function openFile(path: string): OpenFile {
  const fd = openSync(path, 'a+', 0o600);
  const stats = fstatSync(fd);
  // /dev/null and the like have no size, and their mode is not ours to change.
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
      // Only once: the descriptor may belong to another file by now.
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
