import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished } from 'vitest';

const MIB = 1024 * 1024;
/** Most memory that a flood may leave in use. */
const MOST_GROWTH_MIB = 50;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Memory after garbage collection: freed pages return to the system with a delay. */
async function rssMib(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 5; look++) {
    collectGarbage();
    least = Math.min(least, process.memoryUsage().rss / MIB);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return least;
}

/** Watches what a test would not notice: unhandled errors, memory use, and changed prototypes. */
export function watchProcess(title: string) {
  const prototypes = [Object, Array, Function, String, Number, Boolean].map(
    (type) => type.prototype as object,
  );
  const shape = (): string => JSON.stringify(prototypes.map((one) => Reflect.ownKeys(one).map(String)));
  const before = shape();
  const unhandled: string[] = [];
  const note = (error: unknown): void => void unhandled.push(String(error));
  process.on('unhandledRejection', note);
  process.on('uncaughtExceptionMonitor', note);
  onTestFinished(() => {
    process.off('unhandledRejection', note);
    process.off('uncaughtExceptionMonitor', note);
  });
  let rssBefore = 0;

  return {
    /** Starts measuring memory, once everything is warmed up. */
    async begin(): Promise<void> {
      rssBefore = await rssMib();
    },
    async expectUnharmed(): Promise<void> {
      const grownMib = (await rssMib()) - rssBefore;
      console.log(`${title}: ${grownMib.toFixed(1)} MiB more memory`);
      expect(unhandled).toEqual([]);
      expect(shape()).toBe(before);
      expect(grownMib).toBeLessThan(MOST_GROWTH_MIB);
    },
  };
}
