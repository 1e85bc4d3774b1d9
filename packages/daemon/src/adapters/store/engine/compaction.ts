import { Worker } from 'node:worker_threads';
import type { ImageJob, ReadImage } from './durable-copy.ts';
import type { Files } from './files.ts';
import { recover } from './recover.ts';
import { prepareSnapshot } from './snapshot.ts';

/** Replaying a journal of this length takes half a second. */
const LONG_BYTES = 8 * 1024 * 1024;
/** A large store is only rewritten for a journal of this share of its size. */
const LONG_SHARE = 0.25;
/** Each run with a write leaves a segment of 1 MiB. */
const MOST_SEGMENTS = 8;

/** Pause after a failed compaction. */
export const COMPACT_PAUSE_MS = 60_000;

/** Whether a start would be noticeably faster after a compaction. */
export const isWorthwhile = (
  journal: { readonly bytes: number; readonly segments: number },
  snapshotBytes: number,
  longBytes = Math.max(LONG_BYTES, snapshotBytes * LONG_SHARE),
): boolean => journal.bytes > longBytes || journal.segments >= MOST_SEGMENTS;

/**
 * Prepares a new snapshot from the old one and the segments before `generation`. Resolves with its bytes; whoever asked for
 * it installs it.
 */
export type Compact = (job: CompactionJob) => Promise<number>;

export interface CompactionJob {
  readonly path: string;
  readonly key: Uint8Array;
  /** Number of the first segment that remains. */
  readonly generation: number;
}

/** Compacts from the files, as a start reads them, so that each compaction also proves that a start would work. */
export async function compactFiles(files: Files, { path, key, generation }: CompactionJob): Promise<number> {
  const { sql, sequence } = await recover(files, path, key, { segment: generation });
  try {
    return await prepareSnapshot(files, path, key, sql, { generation, sequence });
  } finally {
    sql.close();
  }
}

/** Compacts in another thread: with 100,000 messages it takes 0.3 s, and the event loop is free meanwhile. */
export const compactInWorker: Compact = (job) => runInWorker<number>(job);

/** Reads in another thread: a disk that hangs must not stop the event loop. */
export const readImageInWorker: ReadImage = (job) => runInWorker<Uint8Array>(job);

const runInWorker = <T>(job: CompactionJob | ImageJob): Promise<T> =>
  new Promise((resolve, reject) => {
    const extension = import.meta.url.endsWith('.mjs') ? 'mjs' : 'js';
    const worker = new Worker(new URL(`./compaction-worker.${extension}`, import.meta.url), {
      workerData: job,
    });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the worker of the store ended with ${code}`)));
  });
