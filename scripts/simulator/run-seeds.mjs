import { runSimulator } from './bundle-simulator.mjs';

/** Seeds of one process: a daemon that is killed leaves its database in the memory of SQLite. */
const SEEDS = 20;

/**
 * Runs seeds in processes of 20 each, and adds up what they counted.
 * @param {string} program
 * @param {{ readonly args: readonly string[], readonly first: number, readonly seeds: number, readonly stopAtFailure?: boolean }} options
 * @param {(output: string) => void} [onOutput] called with what each process printed
 */
export function runSeeds(program, { args, first, seeds, stopAtFailure = false }, onOutput = () => {}) {
  /** @type {Map<string, number>} */
  const totals = new Map();
  let failed = 0;
  let ran = 0;
  while (ran < seeds && !(stopAtFailure && failed > 0)) {
    const some = Math.min(SEEDS, seeds - ran);
    const range = ['--seed', String(first + ran), '--seeds', String(some)];
    const { stdout, status } = runSimulator(program, [...args, ...range], 'pipe');
    onOutput(stdout);
    const [, clean, of, counts = ''] = /^(\d+) of (\d+) seeds clean\. (.*)$/m.exec(stdout) ?? [];
    ran += some;
    failed += clean === undefined ? Number(status !== 0) : Number(of) - Number(clean);
    for (const [, name = '', count] of counts.matchAll(/([a-z ]+) (\d+)/g))
      totals.set(name.trim(), (totals.get(name.trim()) ?? 0) + Number(count));
  }
  return { ran, failed, totals };
}
