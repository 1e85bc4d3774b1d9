import { execFile } from 'node:child_process';

/** Processor time of one measurement. */
const WORK_MS = 100;
const BETWEEN_MS = 2_000;

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

/** Measures every two seconds until it is stopped. */
export function watchSlowdown() {
  let isOver = false;
  let wake = (): void => {};
  const mean = (async () => {
    let [sum, count] = [await measureSlowdown(), 1];
    while (!isOver) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, BETWEEN_MS).unref();
      });
      sum += await measureSlowdown();
      count++;
    }
    return sum / count;
  })();
  return {
    /** @returns the mean of all measurements */
    stop(): Promise<number> {
      isOver = true;
      wake();
      return mean;
    },
  };
}
