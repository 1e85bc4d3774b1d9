// Compares the log file with pino on rotating-file-stream, which writes each line separately. Also measures the delay of
// the event loop at 10,000 lines a second, over a midnight.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { gunzipSync } from 'node:zlib';
import { createStream } from 'rotating-file-stream';
import { createFileLog } from '../packages/daemon/dist/adapters/log/logger.js';
import { createSystemClock } from '../packages/daemon/dist/adapters/system/clock.js';
import { figure, median } from './report.mjs';

// The daemon's version of pino.
const { pino } = createRequire(new URL('../packages/daemon/package.json', import.meta.url))('pino');

const ROUNDS = 5;
const LINES = 60_000;
const AT_ONCE = 500;
const LOAD_SECONDS = 2;
const LINES_A_TICK = 100;
const TICK_MS = 10;
const fields = { relay: 'wss://relay.example.com', id: 'a'.repeat(64) };

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Returns lines a second, until the last one is in the file. @param {(n: number) => void} write @param {() => void | Promise<void>} end */
async function rate(write, end) {
  const began = performance.now();
  for (let n = 0; n < LINES; n++) {
    write(n);
    if (n % AT_ONCE === 0) await turn();
  }
  await end();
  return (LINES * 1000) / (performance.now() - began);
}

/** @template T @param {(home: string) => Promise<T>} work */
async function inFolder(work) {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-bench-log-'));
  try {
    return await work(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** @param {string} home @param {import('@ocmesh/shared/ambient').Clock} clock */
const openOurs = (home, clock) =>
  createFileLog({ file: join(home, 'ocmesh.log'), archive: join(home, 'logs') }, clock, {
    level: 'info',
    toStderr: false,
  });

/** @param {string} home */
async function ourRate(home) {
  const log = openOurs(home, createSystemClock());
  const lines = await rate((n) => log.info(`relay connected ${n}`, fields), log.close);
  if (countLines(home) !== LINES) throw new Error('lines were lost');
  return lines;
}

/** @param {string} home */
async function theirRate(home) {
  const stream = createStream('ocmesh.log', { path: home, interval: '1d', compress: 'gzip' });
  const log = pino({ base: null }, stream);
  return rate(
    (n) => log.info(fields, `relay connected ${n}`),
    () => new Promise((resolve) => stream.end(resolve)),
  );
}

/** @param {string} home */
function countLines(home) {
  const archived = readdirSync(join(home, 'logs')).map((name) => {
    const bytes = readFileSync(join(home, 'logs', name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  });
  return [...archived, readFileSync(join(home, 'ocmesh.log'), 'utf8')].join('').split('\n').length - 1;
}

/** Returns the p99 of the event loop's delay, in milliseconds. @param {() => void} tick */
async function loopPause(tick) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const timer = setInterval(tick, TICK_MS);
  delay.enable();
  await new Promise((resolve) => setTimeout(resolve, LOAD_SECONDS * 1000));
  delay.disable();
  clearInterval(timer);
  return delay.percentile(99) / 1e6;
}

/** Writes 10,000 lines a second, a third of them on the next day. @param {string} home */
async function underLoad(home) {
  const clock = createSystemClock();
  const began = clock.monotonic();
  const isTomorrow = () => clock.monotonic() - began > (LOAD_SECONDS * 1000 * 2) / 3;
  const now = () => clock.now() + (isTomorrow() ? 86_400_000 : 0);
  const log = openOurs(home, { ...clock, now });
  let written = 0;
  const pause = await loopPause(() => {
    // A late timer catches up, so that it is always 10,000 a second.
    const due = ((clock.monotonic() - began) * LINES_A_TICK) / TICK_MS;
    for (; written < due; written++) log.info(`relay connected ${written}`, fields);
  });
  log.close();
  if (countLines(home) !== written) throw new Error('lines were lost');
  if (readdirSync(join(home, 'logs')).length !== 1) throw new Error('the log was not rotated');
  return pause;
}

export async function run() {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const first = round % 2 === 0 ? await inFolder(ourRate) : await inFolder(theirRate);
    const second = round % 2 === 0 ? await inFolder(theirRate) : await inFolder(ourRate);
    rounds.push(round % 2 === 0 ? { ours: first, theirs: second } : { ours: second, theirs: first });
  }
  figure('log, lines a second', median(rounds.map(({ ours }) => ours)), { unit: '/s' });
  const ratio = median(rounds.map(({ ours, theirs }) => ours / theirs));
  figure('log / pino on rotating-file-stream, lines a second', ratio, { unit: '×', atLeast: 5 });

  const pauses = [];
  for (let round = 0; round < ROUNDS; round++) {
    pauses.push({ idle: await loopPause(() => {}), loaded: await inFolder(underLoad) });
  }
  // The best round, because other load on the machine only adds to it.
  const idle = Math.min(...pauses.map(({ idle }) => idle));
  const loaded = Math.min(...pauses.map(({ loaded }) => loaded));
  figure('event loop p99, idle', idle, { unit: 'ms' });
  figure('event loop p99 at 10,000 lines/s, over a midnight', loaded, { unit: 'ms', atMost: 5 });
}
