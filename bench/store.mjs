// Compares the store with better-sqlite3-multiple-ciphers (SQLCipher, WAL, synchronous=FULL): same schema, same records,
// same folder, same run, in a new random order each round. The comparator compiles for minutes, so the first bench installs
// it, and not the setup.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compactInWorker } from '../packages/daemon/dist/adapters/store/engine/compaction.js';
import { realFiles } from '../packages/daemon/dist/adapters/store/engine/files.js';
import { recover } from '../packages/daemon/dist/adapters/store/engine/recover.js';
import { currentSchema, migrations } from '../packages/daemon/dist/adapters/store/sql/migrations/index.js';
import { openSql } from '../packages/daemon/dist/adapters/store/sql/sql.js';
import { statementNumber, statementText } from '../packages/daemon/dist/adapters/store/sql/statements.js';
import { openStore } from '../packages/daemon/dist/adapters/store/store.js';
import { createDatabase } from '../packages/daemon/dist/adapters/store/tables/database.js';
import { createTables } from '../packages/daemon/dist/adapters/store/tables/index.js';
import { createSystemClock } from '../packages/daemon/dist/adapters/system/clock.js';
import { figure, median } from './report.mjs';

const ROUNDS = 5;
const SECONDS = 0.8;
const MANY = 100_000;
const key = Buffer.alloc(32, 7);
const comparatorFolder = fileURLToPath(new URL('./comparator/', import.meta.url));
const log = { debug() {}, info() {}, warn: console.warn, error: console.error };
const body = 'x'.repeat(300);
const peerOf = (/** @type {number} */ n) => (n % 50).toString(16).padStart(64, '0');

/** A message as the daemon stores it. @param {number} n @returns {import('../packages/daemon/dist/core/model/message.js').NewMessage} */
const record = (n) => ({
  id: `${n}`.padStart(32, '0'),
  eventId: `${n}`.padStart(64, 'e'),
  peer: /** @type {import('@ocmesh/shared/contract').Pubkey} */ (peerOf(n)),
  direction: 'in',
  type: 'text',
  content: body,
  data: null,
  replyTo: null,
  thread: null,
  timestampMs: 1_800_000_000_000 + n,
  arrivedAtMs: 1_800_000_000_000 + n,
  read: n % 10 !== 0,
  state: 'received',
  deliveredAtMs: null,
  readAtMs: null,
  receiptDue: 'none',
  seq: null,
  auto: false,
  hops: 0,
});

/** @param {string} folder */
function openOurs(folder) {
  const clock = createSystemClock();
  /** @type {import('../packages/daemon/dist/adapters/store/engine/compaction.js').Compact} */
  const compact = compactInWorker;
  return openStore({
    path: join(folder, 'ocmesh.db'),
    key,
    files: realFiles,
    compact,
    clock,
    log,
    onFailStop: (error) => {
      throw error;
    },
  });
}

function loadComparator() {
  if (!existsSync(join(comparatorFolder, 'node_modules'))) {
    console.log('  installing the comparator (takes minutes) …');
    const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], {
      cwd: comparatorFolder,
      stdio: 'inherit',
    });
    if (status !== 0) return null;
  }
  return createRequire(join(comparatorFolder, 'package.json'))('better-sqlite3-multiple-ciphers');
}

/** Opens the comparator with our schema, and inserts by our statement. @param {any} Database @param {string} path */
function openTheirs(Database, path) {
  const database = new Database(path);
  database.pragma(`cipher='sqlcipher'`);
  database.pragma('legacy=4');
  database.pragma(`key="x'${key.toString('hex')}'"`);
  database.pragma('journal_mode=WAL');
  database.pragma('synchronous=FULL');
  for (const migration of migrations) database.exec(migration);
  const insert = database.prepare(statementText(statementNumber('messages.insert')));
  let arrival = 0;
  return {
    database,
    insert(/** @type {ReturnType<typeof record>} */ m) {
      arrival++;
      insert.run(
        arrival,
        m.id,
        m.eventId,
        m.peer,
        m.direction,
        m.type,
        m.content,
        m.data,
        m.replyTo,
        m.thread,
        m.timestampMs,
        m.arrivedAtMs,
        Number(m.read),
        m.state,
        m.deliveredAtMs,
        m.readAtMs,
        m.receiptDue,
        m.seq,
        Number(m.auto),
        m.hops,
        // Its place and rank, without a series, gaps, or what only some messages have.
        arrival,
        0,
        0,
        0,
        null,
        null,
        null,
        null,
      );
    },
  };
}

/** Runs writers that each wait for one write before the next. Returns writes per second. @param {number} writers @param {(n: number) => Promise<unknown>} write */
async function rate(writers, write) {
  let n = 0;
  const began = performance.now();
  const until = began + SECONDS * 1000;
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (performance.now() < until) await write(n++);
    }),
  );
  return n / ((performance.now() - began) / 1000);
}

/** @param {any} Database */
function variants(Database) {
  const fresh = () => mkdtempSync(join(tmpdir(), 'ocmesh-bench-'));
  return {
    async ours(/** @type {number} */ writers) {
      const folder = fresh();
      const store = await openOurs(folder);
      const result = await rate(writers, (n) =>
        store.transaction((tables) => tables.messages.insert(record(n))),
      );
      await store.close();
      rmSync(folder, { recursive: true });
      return result;
    },
    async autocommit(/** @type {number} */ writers) {
      const folder = fresh();
      const { database, insert } = openTheirs(Database, join(folder, 'theirs.db'));
      const result = await rate(writers, async (n) => insert(record(n)));
      database.close();
      rmSync(folder, { recursive: true });
      return result;
    },
    /** Writes all records of one turn in one transaction. */
    async groupCommit(/** @type {number} */ writers) {
      const folder = fresh();
      const { database, insert } = openTheirs(Database, join(folder, 'theirs.db'));
      /** @type {{ n: number, done: () => void }[]} */
      let waiting = [];
      const flush = () => {
        const batch = waiting;
        waiting = [];
        database.exec('BEGIN');
        for (const { n } of batch) insert(record(n));
        database.exec('COMMIT');
        for (const { done } of batch) done();
      };
      const result = await rate(
        writers,
        (n) =>
          new Promise((resolve) => {
            if (waiting.push({ n, done: () => resolve(undefined) }) === 1) setImmediate(flush);
          }),
      );
      database.close();
      rmSync(folder, { recursive: true });
      return result;
    },
  };
}

/** @template T @param {readonly T[]} list */
const shuffled = (list) =>
  [...list]
    .map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);

/** @param {any} Database */
async function writes(Database) {
  const { ours, autocommit, groupCommit } = variants(Database);
  /** @type {Record<string, number[]>} */
  const rates = {};
  for (let round = 0; round < ROUNDS; round++) {
    const plan = [1, 8, 64].flatMap((writers) => [
      { name: `ours ${writers}`, go: () => ours(writers) },
      { name: `autocommit ${writers}`, go: () => autocommit(writers) },
    ]);
    for (const { name, go } of shuffled([...plan, { name: 'group 64', go: () => groupCommit(64) }])) {
      rates[name] = [...(rates[name] ?? []), await go()];
    }
  }
  const of = (/** @type {string} */ name) => median(rates[name] ?? []);
  figure('durable writes, 1 writer, our rate', of('ours 1'), { unit: '/s' });
  figure('durable writes, 64 writers, our rate', of('ours 64'), { unit: '/s' });
  for (const { writers, atLeast } of [
    { writers: 1, atLeast: 0.6 },
    { writers: 8, atLeast: 2.5 },
    { writers: 64, atLeast: 5 },
  ]) {
    figure(
      `durable writes, ${writers} writers / its autocommit`,
      of(`ours ${writers}`) / of(`autocommit ${writers}`),
      { unit: '×', atLeast },
    );
  }
  figure('durable writes, 64 writers / its group commit', of('ours 64') / of('group 64'), {
    unit: '×',
    atLeast: 1,
  });
}

/** @param {number} times @param {() => unknown} work */
function microseconds(times, work) {
  const began = performance.now();
  for (let i = 0; i < times; i++) work();
  return ((performance.now() - began) * 1000) / times;
}

/** Checks that another implementation of SQLCipher 4 opens the snapshot. @param {any} Database @param {string} path */
function checkWith(Database, path) {
  const database = new Database(path, { readonly: true });
  database.pragma(`cipher='sqlcipher'`);
  database.pragma('legacy=4');
  database.pragma(`key="x'${key.toString('hex')}'"`);
  const { count } = database.prepare('SELECT count(*) AS count FROM messages').get();
  const [{ integrity_check: verdict }] = database.pragma('integrity_check');
  if (count !== MANY || verdict !== 'ok') throw new Error(`the snapshot holds ${count} messages: ${verdict}`);
  console.log(`  the snapshot of ${MANY} messages opens in another implementation: integrity ${verdict}`);
  database.close();
}

/** @param {any} Database */
async function atSize(Database) {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-bench-'));
  const { database, insert } = openTheirs(Database, join(folder, 'theirs.db'));
  const store = await openOurs(folder);
  for (let n = 0; n < MANY; n += 1_000) {
    await Promise.all(
      Array.from({ length: 1_000 }, (_, i) =>
        store.transaction((tables) => tables.messages.insert(record(n + i))),
      ),
    );
  }
  database.exec('BEGIN');
  for (let n = 0; n < MANY; n++) insert(record(n));
  database.exec('COMMIT');

  const theirList = database.prepare(
    'SELECT * FROM messages WHERE direction = ? AND read = 0 ORDER BY arrival DESC LIMIT 50',
  );
  const ourTimes = [];
  const theirTimes = [];
  const newestTimes = [];
  const { id, peer } = record(MANY - 1);
  for (let round = 0; round < 15; round++) {
    const latest = () =>
      store.peek((tables) =>
        tables.messages.list({ direction: 'in', unread: true, order: 'desc', limit: 50 }),
      );
    ourTimes.push(microseconds(200, latest));
    theirTimes.push(microseconds(200, () => theirList.all('in')));
    const newest = () =>
      store.peek(({ messages }) => messages.list({ direction: 'all', peer, order: 'desc', limit: 1 }));
    const one = () => store.peek(({ messages }) => messages.get(id));
    newestTimes.push(microseconds(1_000, newest) / microseconds(1_000, one));
  }
  figure(`the 50 latest unread of ${MANY} / its time`, median(ourTimes) / median(theirTimes), {
    unit: '×',
    atMost: 1,
  });
  // If SQLite planned it again at each binding, it would take five times as long.
  figure('the newest message of a peer / a message by its id', median(newestTimes), { unit: '×', atMost: 3 });
  await store.close();
  database.close();
  checkWith(Database, join(folder, 'ocmesh.db'));

  // In a separate process, for a clean measurement.
  const child = fileURLToPath(new URL('./store-at-rest.mjs', import.meta.url));
  const runs = Array.from({ length: 3 }, () =>
    JSON.parse(spawnSync(process.execPath, [child, folder], { encoding: 'utf8' }).stdout),
  );
  const middle = (/** @type {string} */ name) => median(runs.map((one) => one[name]));
  figure(`start with ${MANY} messages`, middle('startMs'), { unit: 'ms', atMost: 1500 });
  figure(`memory at rest with ${MANY} messages`, middle('restMb'), { unit: 'MB', atMost: 200 });
  figure(`longest gap of the event loop while compacting ${MANY}`, middle('gapMs'), {
    unit: 'ms',
    atMost: 35,
  });
  figure(`memory while compacting ${MANY} messages`, middle('peakMb'), { unit: 'MB', atMost: 600 });
  rmSync(folder, { recursive: true });
}

/** Returns the journal's commands for that many messages. @param {number} count */
async function commandsOf(count) {
  /** @type {import('../packages/daemon/dist/adapters/store/sql/statements.js').Command[]} */
  const commands = [];
  const sql = await openSql(null);
  currentSchema.migrate(sql);
  const { messages } = createTables(createDatabase(sql, (command) => commands.push(command)));
  sql.run('BEGIN');
  for (let n = 0; n < count; n++) messages.insert(record(n));
  sql.run('COMMIT');
  sql.close();
  return commands;
}

async function replay() {
  const COUNT = 30_000;
  const rates = [];
  for (let round = 0; round < 3; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'ocmesh-bench-'));
    const store = await openOurs(folder);
    for (let n = 0; n < COUNT; n += 64) {
      await Promise.all(
        Array.from({ length: 64 }, (_, i) =>
          store.transaction((tables) => tables.messages.insert(record(n + i))),
        ),
      );
    }
    // The cost of inserting alone: the same statements in one transaction on an empty database.
    const bare = await openSql(null);
    currentSchema.migrate(bare);
    const commands = await commandsOf(COUNT);
    const insertBegan = performance.now();
    bare.run('BEGIN');
    for (const [statement, ...values] of commands) bare.run(statementText(statement), values);
    bare.run('COMMIT');
    const insertRate = COUNT / (performance.now() - insertBegan);
    bare.close();
    const replayBegan = performance.now();
    const { sql } = await recover(realFiles, join(folder, 'ocmesh.db'), key);
    rates.push(COUNT / (performance.now() - replayBegan) / insertRate);
    sql.close();
    await store.close();
    rmSync(folder, { recursive: true });
  }
  figure('replay / the rate of inserting in one transaction', median(rates), { unit: '×', atLeast: 0.5 });
}

export async function run() {
  const Database = loadComparator();
  if (!Database) throw new Error('the comparator could not be installed');
  await writes(Database);
  await replay();
  await atSize(Database);
}
