import { execFile } from 'node:child_process';

/** Processor time of one measurement. */
const WORK_MS = 100;
const BETWEEN_MS = 2_000;
/** A single sample may be far off: the median of fewer would be, too. */
const FEWEST = 5;
/** No measurement may stretch a bound until it proves nothing: beyond this the test fails, and says so. */
const MOST = 12;

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
  /** The median of all samples, but never more than `MOST`. */
  readonly times: number;
  /** For the report: a bound that was multiplied must show by how much, and why. */
  readonly samples: readonly number[];
}

/** Measures again and again until it is stopped, at least `FEWEST` times. */
export function watchSlowdown() {
  let isOver = false;
  let wake = (): void => {};
  const measured = (async (): Promise<Slowdown> => {
    const samples: number[] = [];
    while (!isOver || samples.length < FEWEST) {
      samples.push(await measureSlowdown());
      if (isOver) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, BETWEEN_MS).unref();
      });
    }
    const median = [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 1;
    return { times: Math.min(MOST, median), samples };
  })();
  return {
    stop(): Promise<Slowdown> {
      isOver = true;
      wake();
      return measured;
    },
  };
}
