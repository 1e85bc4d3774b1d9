// `check`: format, lint, types, unit tests, unused code, generated files. `verify`: the end-to-end tests as well.
// Ends with one line that counts tests and checks: `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'ocmesh-verify-'));
const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH']}` };
let passed = 0;
let failed = 0;

/** @param {string} title @param {string[]} command */
function run(title, [program = '', ...args]) {
  const startedAt = Date.now();
  console.log(`\n── ${title}`);
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit', env });
  console.log(
    `── ${title}: ${status === 0 ? 'ok' : `failed (${status})`} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`,
  );
  return status === 0;
}

/** @param {string} title @param {string[]} command */
function check(title, command) {
  if (run(title, command)) passed++;
  else failed++;
}

/** @param {string} title @param {string} project */
function test(title, project) {
  const report = join(scratch, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const ok = run(title, ['vitest', 'run', '--project', project, ...reporters]);
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
    passed += numPassedTests;
    // A file that cannot be loaded fails the run without a failed test.
    failed += ok ? numFailedTests : Math.max(1, numFailedTests);
  } catch {
    failed++;
  }
}

check('types', ['tsc', '-b']);
check('bundles', [process.execPath, 'scripts/bundle.mjs']);
check('format and lint', ['biome', 'ci', '.', '--colors=off']);
check('unused code', ['knip']);
check('generated files', [process.execPath, 'scripts/generate.mjs', '--check']);
test('unit and contract tests', 'unit');
if (process.argv[2] === 'verify') test('end-to-end tests', 'e2e');

rmSync(scratch, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
