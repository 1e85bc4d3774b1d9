import { createReadStream, createWriteStream, mkdirSync, readdirSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface ArchiveBounds {
  readonly logArchives: number;
  readonly logArchiveBytes: number;
}

/** The folder of rotated log files. */
export interface Archive {
  /** Returns a free path for the log of this day. @throws the system's error when the folder cannot be made or read */
  place(day: string): string;
  /** Compresses rotated files and removes those over the limits. Returns at once. */
  tidy(): void;
  /** Stops compressing; the next start continues with the original file. */
  stop(): void;
}

/** `ocmesh-2026-01-31.log`, the next one of that day `ocmesh-2026-01-31.1.log`, compressed with `.gz`. Other files are left alone. */
const ARCHIVED = /^ocmesh-(\d+-\d\d-\d\d)(?:\.(\d+))?\.log(\.gz)?$/;
const UNFINISHED = /^ocmesh-.*\.log\.gz\.tmp$/;

interface Archived {
  readonly path: string;
  readonly day: string;
  readonly number: number;
  readonly compressed: boolean;
}

export function createArchive(
  folder: string,
  bounds: ArchiveBounds,
  onProblem: (error: unknown) => void,
): Archive {
  const stopping = new AbortController();
  const { signal } = stopping;
  let isWanted = false;
  let isWorking = false;

  const makeFolder = (): unknown => mkdirSync(folder, { recursive: true, mode: 0o700 });

  /** Rotated files, newest first. */
  function list(): Archived[] {
    return readdirSync(folder)
      .flatMap((name) => {
        const [found, day = '', number = '0', ending] = ARCHIVED.exec(name) ?? [];
        const path = join(folder, name);
        return found ? [{ path, day, number: Number(number), compressed: ending !== undefined }] : [];
      })
      .sort((a, b) => (a.day === b.day ? b.number - a.number : a.day < b.day ? 1 : -1));
  }

  async function compress(path: string): Promise<void> {
    const unfinished = `${path}.gz.tmp`;
    // `flush`: after a power cut the original must not be gone while its copy is not yet on disk.
    const target = createWriteStream(unfinished, { mode: 0o600, flush: true });
    await pipeline(createReadStream(path), createGzip(), target, { signal });
    await rename(unfinished, `${path}.gz`);
    await rm(path);
  }

  async function prune(): Promise<void> {
    let bytes = 0;
    for (const [index, { path }] of list().entries()) {
      bytes += (await stat(path)).size;
      if (index >= bounds.logArchives || bytes > bounds.logArchiveBytes) await rm(path);
    }
  }

  async function tidyOnce(): Promise<void> {
    makeFolder();
    for (const name of readdirSync(folder)) if (UNFINISHED.test(name)) await rm(join(folder, name));
    // Before compressing, which needs room.
    await prune();
    for (const { path, compressed } of list()) if (!compressed) await compress(path);
  }

  async function tidy(): Promise<void> {
    isWorking = true;
    try {
      for (; isWanted && !signal.aborted; await tidyOnce()) isWanted = false;
    } catch (error) {
      if (!signal.aborted) onProblem(error);
    }
    isWorking = false;
  }

  return {
    place(day) {
      makeFolder();
      const newest = list().find((one) => one.day === day);
      return join(folder, `ocmesh-${day}${newest ? `.${newest.number + 1}` : ''}.log`);
    },
    tidy() {
      isWanted = true;
      if (!isWorking) void tidy();
    },
    stop: () => stopping.abort(),
  };
}
