// Runs the tests that take too long for every day: thousands of power cuts, mutations of every file, a disk that fails at
// each operation, tens of thousands of broken frames, requests and messages, hundreds of kills of real processes, hundreds
// of messages among hostile relays, over every mix of relays that lie, and through a network that breaks, ten minutes of
// kills with a relay that loses events, a flood of a million made-up agents, and half an hour of simulated meshes. Prints every seed; `SEED` repeats a run.
// The last line counts tests: `N passed, N failed`.
import { createTally } from './tally.mjs';

const { check, test, finish } = createTally({
  SOAK_STATES: '5000',
  SOAK_MUTATIONS: '10000',
  SOAK_FRAMES: '100000',
  SOAK_REQUESTS: '10000',
  SOAK_FORGERIES: '10000',
  SOAK_REPLAYS: '100000',
  SOAK_KILLS: '200',
  OCMESH_STARTS: '2000',
  OCMESH_KILLS: '200',
  SOAK_HOSTILE_MESSAGES: '500',
  SOAK_MIX_MESSAGES: '1000',
  SOAK_RESTARTS: '15',
  SOAK_RESTART_EVERY_MS: '5000',
  SOAK_DARK_MS: '60000',
  SOAK_CHAOS_MESSAGES: '1000',
  SOAK_PARTITIONS: '6',
  SOAK_PARTITION_MS: '10000',
  SOAK_PROMISES_MS: '600000',
  SOAK_SERVICE_KILLS: '20',
  SOAK_FLOOD_KEYS: '1000000',
});
const parts = ['store', 'fuzz', 'crash', 'lock', 'relays', 'promises', 'service', 'flood', 'simulate'];
/** One of `parts`, to run that one only. */
const part = process.argv[2] ?? 'all';
if (!['all', ...parts].includes(part)) throw new Error(`the soak has no part ${part}`);
const runs = (/** @type {string} */ name) => part === 'all' || part === name;
const minutes = process.env['SOAK_SIMULATE_MINUTES'] ?? '30';
if (runs('simulate')) check('simulate', [process.execPath, 'scripts/simulate.mjs', '--minutes', minutes]);
if (runs('store')) test('store', 'unit', 'packages/daemon/test/store');
if (runs('fuzz')) test('fuzz', 'unit', 'packages/daemon/test/fuzz');
if (runs('relays')) test('relay mixes', 'unit', 'packages/daemon/test/hostile/relay-mixes.test.ts');
const needsBuild = ['crash', 'lock', 'relays', 'promises', 'service', 'flood'].some(runs);
if (needsBuild && check('build', ['npm', 'run', '--silent', 'build'])) {
  if (runs('crash')) test('crash', 'e2e', 'e2e/crash.e2e.ts');
  if (runs('lock')) test('lock', 'e2e', 'e2e/ownership.e2e.ts');
  if (runs('relays')) {
    test('hostile relays', 'e2e', 'e2e/hostile-relays.e2e.ts');
    test('bad network', 'e2e', 'e2e/bad-network.e2e.ts');
  }
  if (runs('promises')) test('promises', 'e2e', 'e2e/promises.e2e.ts');
  if (runs('flood')) test('flood', 'e2e', 'e2e/flood.e2e.ts');
  if (runs('service')) test('service', 'e2e', 'e2e/service-launchd.e2e.ts', 'e2e/service-systemd.e2e.ts');
}
finish();
