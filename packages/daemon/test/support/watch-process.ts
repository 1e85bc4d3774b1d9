import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished } from 'vitest';

const MIB = 1024 * 1024;
/** What a flood may leave behind. */
const MOST_GROWTH_MIB = 50;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What stays: freed pages go back to the system some time after the collection. */
async function rssMib(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 5; look++) {
    collectGarbage();
    least = Math.min(least, process.memoryUsage().rss / MIB);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return least;
}

/** Looks after what nobody in a test would notice: errors without a handler, memory, and everybody's prototypes. */
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
    /** Once everything is warm: from here on memory counts. */
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
