import { parentPort, workerData } from 'node:worker_threads';
import { type CompactionJob, compactFiles } from './compaction.ts';
import type { ImageJob } from './durable-copy.ts';
import { realFiles } from './files.ts';
import { readImage } from './image.ts';

const job = workerData as CompactionJob | ImageJob;
parentPort?.postMessage(
  await ('generation' in job
    ? compactFiles(realFiles, job)
    : readImage(realFiles, job.path, job.key, { sequence: job.sequence })),
);
