import { execFile } from 'node:child_process';

/** Processor time of one sample. */
const WORK_MS = 100;
const BETWEEN_MS = 2_000;
/** Minimum number of samples: a single one may be far off. */
const MIN_SAMPLES = 5;
/** Maximum factor: beyond it a scaled limit would prove nothing, and the test fails. */
const MAX_FACTOR = 12;

const script = `
const startMs = performance.now();
const before = process.cpuUsage();
let used = { user: 0, system: 0 };
while (used.user + used.system < ${WORK_MS * 1000}) used = process.cpuUsage(before);
console.log(performance.now() - startMs);`;

/**
 * Measures how busy the machine is: the wall time that a short computation takes, divided by its processor time. It is 1
 * on an idle machine and about 5 where ten programs share two processors. Tests multiply upper bounds of wall time by it.
 */
export function measureSlowdown(): Promise<number> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['-e', script], { env: {} }, (error, stdout) => {
      if (error) reject(error);
      else resolve(Math.max(1, Number(stdout) / WORK_MS));
    });
  });
}

export interface Slowdown {
  /** The median of all samples, but never more than `MAX_FACTOR`. */
  readonly factor: number;
  /** All samples, to show in reports why a limit was scaled. */
  readonly samples: readonly number[];
}

/** Measures again and again until it is stopped, at least `MIN_SAMPLES` times. */
export function watchSlowdown() {
  let isOver = false;
  let wake = (): void => {};
  const measured = (async (): Promise<Slowdown> => {
    const samples: number[] = [];
    while (!isOver || samples.length < MIN_SAMPLES) {
      samples.push(await measureSlowdown());
      if (isOver) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, BETWEEN_MS).unref();
      });
    }
    const median = [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 1;
    return { factor: Math.min(MAX_FACTOR, median), samples };
  })();
  return {
    stop(): Promise<Slowdown> {
      isOver = true;
      wake();
      return measured;
    },
  };
}
