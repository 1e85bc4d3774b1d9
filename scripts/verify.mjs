// Runs all checks and unit tests; with the argument `verify`, also the end-to-end tests. The last line counts tests and
// checks: `N passed, N failed`.
import { createTally } from './tally.mjs';

const { check, test, finish } = createTally();
check('types', ['tsc', '-b']);
check('page', ['vite', 'build', 'packages/page']);
check('bundles', [process.execPath, 'scripts/bundle.mjs']);
check('format and lint', ['biome', 'ci', '.', '--colors=off']);
check('unused code', ['knip']);
check('generated files', [process.execPath, 'scripts/generate.mjs', '--check']);
check('tokens', [process.execPath, 'scripts/tokens.mjs']);
test('unit and contract tests', 'unit');
if (process.argv[2] === 'verify') test('end-to-end tests', 'e2e');
finish();
