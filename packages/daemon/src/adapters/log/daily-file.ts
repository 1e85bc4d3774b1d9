import { renameSync } from 'node:fs';
import type { Clock } from '@ocmesh/shared/ambient';
import { type ArchiveBounds, createArchive } from './archive.ts';
import { type OpenFile, openFile } from './open-file.ts';

/** How often is looked whether the file is still the one of that name. */
const LOOK_MS = 1_000;
/** After a rotation that failed. */
const ROTATE_AGAIN_MS = 60_000;

export interface DailyFileBounds extends ArchiveBounds {
  readonly logFileBytes: number;
}

/** The file of the day. */
export interface DailyFile {
  /**
   * The file that takes lines of this day, so many characters: reopened where somebody moved it away, rotated where
   * another day or its size asks for it. @throws the system's error
   */
  forDay(day: string, chars: number): OpenFile;
  /** It shall be opened anew. */
  letGo(file: OpenFile): void;
  close(): void;
}

/** @throws the system's error when the file cannot be opened */
export function createDailyFile(
  path: string,
  folder: string,
  deps: {
    readonly clock: Clock;
    readonly dayOf: (timeMs: number) => string;
    readonly warn: (what: string, reason: unknown) => void;
  },
  bounds: DailyFileBounds,
): DailyFile {
  const { clock, dayOf, warn } = deps;
  const archive = createArchive(folder, bounds, (reason) =>
    warn('rotated log files could not be compressed', reason),
  );
  let file: OpenFile | null = null;
  /** Of the lines in it. */
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

  function letGo(target: OpenFile): void {
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
    letGo(current);
    archive.tidy();
    return open();
  }

  return {
    forDay(day, chars) {
      const nowMs = clock.monotonic();
      if (file && nowMs - lookedAtMs >= LOOK_MS) {
        lookedAtMs = nowMs;
        if (!file.isInPlace()) letGo(file);
      }
      let current = file ?? open();
      const isDue = fileDay !== day || current.size() + chars > bounds.logFileBytes;
      if (isDue && current.size() > 0 && nowMs >= rotateFromMs) current = rotate(current);
      if (current.size() === 0) fileDay = day;
      return current;
    },
    letGo,
    close() {
      archive.stop();
      file?.close();
    },
  };
}
