// What takes too long for every day: thousands of power cuts, mutations of every file, a disk that fails at each
// operation, and hundreds of kills of real processes. `SEED` repeats a run; every seed is printed.
// Ends with one line that counts tests: `N passed, N failed`.
import { createTally } from './tally.mjs';

const { check, test, finish } = createTally({
  SOAK_STATES: '5000',
  SOAK_MUTATIONS: '10000',
  SOAK_KILLS: '200',
});
/** `store` or `crash` for one part alone. */
const part = process.argv[2] ?? 'all';
if (part !== 'crash') test('store', 'unit', 'packages/daemon/test/store');
if (part !== 'store' && check('build', ['npm', 'run', '--silent', 'build'])) {
  test('crash', 'e2e', 'e2e/crash.e2e.ts');
}
finish();
