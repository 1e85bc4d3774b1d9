// Writes a store of the current schema, for the upgrade tests of later schemas. Run once for each release that changes it.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compactFiles } from '../packages/daemon/dist/adapters/store/engine/compaction.js';
import { realFiles } from '../packages/daemon/dist/adapters/store/engine/files.js';
import { currentSchema } from '../packages/daemon/dist/adapters/store/sql/migrations/index.js';
import { openStore } from '../packages/daemon/dist/adapters/store/store.js';
import { createSystemClock } from '../packages/daemon/dist/adapters/system/clock.js';

const folder = fileURLToPath(
  new URL(`../packages/daemon/test/store/fixtures/schema-${currentSchema.newest}/`, import.meta.url),
);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
for (const file of realFiles.list(folder)) rmSync(folder + file);

const open = () =>
  openStore({
    path: `${folder}ocmesh.db`,
    key: new Uint8Array(32).fill(7),
    files: realFiles,
    compact: (job) => compactFiles(realFiles, job),
    clock: createSystemClock(),
    log: silent,
    onFailStop: (error) => {
      throw error;
    },
  });

/** @param {number} n @returns {any} */
const message = (n) => ({
  id: `message-${n}`,
  eventId: `${n}`.padStart(64, '0'),
  peer: 'a'.repeat(64),
  direction: n % 2 ? 'in' : 'out',
  type: 'text',
  content: `content of message ${n} 🐙`,
  data: n % 3 ? null : { n },
  replyTo: null,
  thread: null,
  timestampMs: 1_800_000_000_000 + n,
  arrivedAtMs: 1_800_000_000_000 + n,
  read: n % 4 === 0,
  state: n % 2 ? 'received' : 'published',
  deliveredAtMs: null,
  readAtMs: null,
  receiptDue: 'none',
  seq: n,
  auto: n % 5 === 0,
  hops: n % 5 === 0 ? n : 0,
});

const first = await open();
for (let n = 0; n < 30; n++) await first.transaction((tables) => tables.messages.insert(message(n)));
// Compacts these into the snapshot.
await first.close();
const second = await open();
for (let n = 30; n < 50; n++) await second.transaction((tables) => tables.messages.insert(message(n)));
await second.transaction((tables) => tables.meta.set('secret_key', '1'.padStart(64, '0')));
// Not closed, so that these remain in the journal, as after a crash.
process.exit(0);
