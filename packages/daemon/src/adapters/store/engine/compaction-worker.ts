import { parentPort, workerData } from 'node:worker_threads';
import { compactFiles } from './compaction.ts';
import { realFiles } from './files.ts';

parentPort?.postMessage(await compactFiles(realFiles, workerData));
