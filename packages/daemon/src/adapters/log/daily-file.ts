import { renameSync } from 'node:fs';
import type { Clock } from '@ocmesh/shared/ambient';
import { type ArchiveBounds, createArchive } from './archive.ts';
import { type OpenFile, openFile } from './open-file.ts';

/** How often to check that the path still leads to the open file. */
const LOOK_MS = 1_000;
/** Pause after a rotation that failed. */
const ROTATE_AGAIN_MS = 60_000;

export interface DailyFileBounds extends ArchiveBounds {
  readonly logFileBytes: number;
}

/** The log file, reopened and rotated as needed. */
export interface DailyFile {
  /**
   * Returns the file for that many characters of this day: reopened if it was moved away, rotated if its day is over
   * or it would become too long.
   * @throws the system's error
   */
  forDay(day: string, chars: number): OpenFile;
  /** Closes the file; the next call opens the path again. */
  release(file: OpenFile): void;
  close(): void;
}

/** @throws the system's error when the file cannot be opened */
export function createDailyFile(
  path: string,
  folder: string,
  deps: {
    readonly clock: Clock;
    readonly dayOf: (timeMs: number) => string;
    readonly warn: (message: string, reason: unknown) => void;
  },
  bounds: DailyFileBounds,
): DailyFile {
  const { clock, dayOf, warn } = deps;
  const archive = createArchive(folder, bounds, (reason) =>
    warn('rotated log files could not be compressed', reason),
  );
  let file: OpenFile | null = null;
  /** Day of the lines in it. */
  let fileDay = '';
  let lookedAtMs = clock.monotonic();
  let rotateFromMs = 0;
  open();
  archive.tidy();

  function open(): OpenFile {
    file = openFile(path);
    fileDay = dayOf(file.writtenAtMs ?? clock.now());
    return file;
  }

  function release(target: OpenFile): void {
    target.close();
    if (file === target) file = null;
  }

  function rotate(current: OpenFile): OpenFile {
    try {
      renameSync(path, archive.place(fileDay));
    } catch (error) {
      rotateFromMs = clock.monotonic() + ROTATE_AGAIN_MS;
      warn('the log file could not be rotated', error);
      return current;
    }
    release(current);
    archive.tidy();
    return open();
  }

  return {
    forDay(day, chars) {
      const nowMs = clock.monotonic();
      if (file && nowMs - lookedAtMs >= LOOK_MS) {
        lookedAtMs = nowMs;
        if (!file.isInPlace()) release(file);
      }
      let current = file ?? open();
      const isDue = fileDay !== day || current.size() + chars > bounds.logFileBytes;
      if (isDue && current.size() > 0 && nowMs >= rotateFromMs) current = rotate(current);
      if (current.size() === 0) fileDay = day;
      return current;
    },
    release,
    close() {
      archive.stop();
      file?.close();
    },
  };
}
