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
  /** A free path for the log of this day. @throws the system's error when the folder cannot be made or read */
  place(day: string): string;
  /** Compresses what is there, removes what is too much; returns at once. */
  tidy(): void;
  /** What is half compressed stays as it was, for the next start. */
  stop(): void;
}

/** `ocmesh-2026-01-31.log`, the next one of that day `ocmesh-2026-01-31.1.log`, compressed with `.gz`. All else stays. */
const ARCHIVED = /^ocmesh-(\d+-\d\d-\d\d)(?:\.(\d+))?\.log(\.gz)?$/;
const HALF_COMPRESSED = /^ocmesh-.*\.log\.gz\.tmp$/;

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
  let wanted = false;
  let working = false;

  const makeFolder = (): unknown => mkdirSync(folder, { recursive: true, mode: 0o700 });

  /** The newest first. */
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
    const half = `${path}.gz.tmp`;
    // `flush`: a power cut shall not find the original gone and its copy not yet on disk.
    const target = createWriteStream(half, { mode: 0o600, flush: true });
    await pipeline(createReadStream(path), createGzip(), target, { signal });
    await rename(half, `${path}.gz`);
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
    for (const name of readdirSync(folder)) if (HALF_COMPRESSED.test(name)) await rm(join(folder, name));
    // First, as compressing needs room.
    await prune();
    for (const { path, compressed } of list()) if (!compressed) await compress(path);
  }

  async function tidy(): Promise<void> {
    working = true;
    try {
      for (; wanted && !signal.aborted; await tidyOnce()) wanted = false;
    } catch (error) {
      if (!signal.aborted) onProblem(error);
    }
    working = false;
  }

  return {
    place(day) {
      makeFolder();
      const newest = list().find((one) => one.day === day);
      return join(folder, `ocmesh-${day}${newest ? `.${newest.number + 1}` : ''}.log`);
    },
    tidy() {
      wanted = true;
      if (!working) void tidy();
    },
    stop: () => stopping.abort(),
  };
}
