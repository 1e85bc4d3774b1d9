// Runs checks and test projects, and counts them for the last line of `verify` and `soak`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {Record<string, string>} [environment] defaults for variables that the caller may set */
export function createTally(environment = {}) {
  const scratch = mkdtempSync(join(tmpdir(), 'ocmesh-tally-'));
  const env = {
    ...environment,
    ...process.env,
    PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH']}`,
  };
  let passed = 0;
  let failed = 0;
  /** What failed, in words. It is printed last, since long logs are often cut to their end. @type {string[]} */
  const failures = [];

  /** @param {string} title @param {string[]} command */
  function run(title, [program = '', ...args]) {
    const startedAt = Date.now();
    console.log(`\n── ${title}`);
    const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit', env });
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    console.log(`── ${title}: ${status === 0 ? 'ok' : `failed (${status})`} in ${seconds} s`);
    return status === 0;
  }

  return {
    /** @param {string} title @param {string[]} command */
    check(title, command) {
      const ok = run(title, command);
      if (ok) passed++;
      else {
        failed++;
        failures.push(title);
      }
      return ok;
    },

    /** @param {string} title @param {string} project of vitest @param {string[]} filters */
    test(title, project, ...filters) {
      const report = join(scratch, `${title.replaceAll(' ', '-')}.json`);
      const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
      const ok = run(title, ['vitest', 'run', '--project', project, ...filters, ...reporters]);
      try {
        const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
        passed += numPassedTests;
        // A file that cannot be loaded fails the run, but is no failed test.
        failed += ok ? numFailedTests : Math.max(1, numFailedTests);
        failures.push(...testResults.flatMap(describeFailures));
      } catch {
        failed++;
        failures.push(`${title}: no report`);
      }
    },

    /** Prints the counts and ends the process. */
    finish() {
      rmSync(scratch, { recursive: true, force: true });
      for (const failure of failures) console.log(`\nFailed: ${failure}`);
      console.log(`\n${passed} passed, ${failed} failed`);
      process.exit(failed === 0 ? 0 : 1);
    },
  };
}

/**
 * @param {{ name: string, status: string, message: string,
 *   assertionResults: { status: string, fullName: string, failureMessages: string[] }[] }} file of vitest's JSON report
 */
function describeFailures({ name, status, message, assertionResults }) {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [`${relative(root, name)}\n${message}`] : [];
  return failed.map(({ fullName, failureMessages }) => {
    const lines = failureMessages.join('\n').split('\n');
    const ours = lines.filter((line) => !line.includes('/node_modules/'));
    return `${relative(root, name)} > ${fullName}\n${ours.join('\n')}`;
  });
}
