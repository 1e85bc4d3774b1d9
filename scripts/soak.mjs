// What takes too long for every day: thousands of power cuts, mutations of every file, a disk that fails at each
// operation, and hundreds of kills of real processes. `SEED` repeats a run; every seed is printed.
// Ends with one line that counts tests: `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'ocmesh-soak-'));
const env = {
  SOAK_STATES: '5000',
  SOAK_MUTATIONS: '10000',
  SOAK_KILLS: '200',
  ...process.env,
  PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH']}`,
};
/** `store` or `crash` for one part alone. */
const part = process.argv[2] ?? 'all';
let passed = 0;
let failed = 0;

/** @param {string} title @param {string} program @param {string[]} args */
function run(title, program, args) {
  const startedAt = Date.now();
  console.log(`\n── ${title}`);
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit', env });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`── ${title}: ${status === 0 ? 'ok' : `failed (${status})`} in ${seconds} s`);
  return status === 0;
}

/** @param {string} title @param {string} project @param {string} filter */
function test(title, project, filter) {
  const report = join(scratch, `${title}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const ok = run(title, 'vitest', ['run', '--project', project, filter, ...reporters]);
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
    passed += numPassedTests;
    // A file that cannot be loaded fails the run without a failed test.
    failed += ok ? numFailedTests : Math.max(1, numFailedTests);
  } catch {
    failed++;
  }
}

if (part !== 'crash') test('store', 'unit', 'packages/daemon/test/store');
if (part !== 'store') {
  if (run('build', 'npm', ['run', '--silent', 'build'])) test('crash', 'e2e', 'e2e/crash.e2e.ts');
  else failed++;
}

rmSync(scratch, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
