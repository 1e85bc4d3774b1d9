// Compares ocmesh with what a program would use instead, in one run on one relay: 1,000 private messages (NIP-17) from one
// program to another, eight of them under way at any time, then some one by one, then 1,000 while the receiver is off. A
// message is under way until the other program has read it. Each library is used as its documentation shows: all of them
// send one gift wrap to the receiver's relay, wait for its OK, and check both signatures of what arrives. Two daemons of
// ocmesh also write each message to disk before they accept it, and confirm it; the others keep everything in memory.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createProcessMesh } from '@ocmesh/testkit';
import { generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { bytesToHex } from 'nostr-tools/utils';
import { cpuMs, residentMb } from './process-figures.mjs';
import { addRow, figure, median } from './report.mjs';

const program = fileURLToPath(new URL('../packages/daemon/bundle/ocmesh.mjs', import.meta.url));
const pathOf = (/** @type {string} */ name) => fileURLToPath(new URL(`./peers/${name}.mjs`, import.meta.url));
const MESSAGES = Number(process.env['MESSAGES'] ?? 1_000);
const UNDER_WAY = 8;
const WARM_UP = 100;
const TURNS = 10;
/** Messages of each turn that are sent one by one. */
const ALONE = 10;
/** A phase is over when nothing more has arrived for so long. */
const SILENCE_MS = 15_000;
const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {string} name @param {readonly string[]} args */
async function startBot(name, args) {
  const child = spawn(process.execPath, [pathOf(name), ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  /** @type {Map<number, number>} */
  const sentAt = new Map();
  /** @type {Map<number, number[]>} */
  const gotAt = new Map();
  let lastMs = performance.now();
  /** @type {(kind: 'got' | 'taken', number: number) => void} */
  let onProgress = () => {};
  /** @type {(value?: unknown) => void} */
  let onReady = () => {};
  const ready = new Promise((resolve) => {
    onReady = resolve;
  });
  child.once('exit', () => onReady());
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    const { ready, sent, got, taken, atMs } = JSON.parse(line);
    lastMs = performance.now();
    if (ready) onReady();
    if (sent !== undefined) sentAt.set(sent, atMs);
    if (taken !== undefined) onProgress('taken', taken);
    if (got === undefined) return;
    gotAt.set(got, [...(gotAt.get(got) ?? []), atMs]);
    onProgress('got', got);
  });
  await ready;
  return {
    pid: child.pid,
    sentAt,
    gotAt,
    lastMs: () => lastMs,
    write: (/** @type {number} */ number) => void child.stdin.write(`${number}\n`),
    follow(/** @type {typeof onProgress} */ listener) {
      onProgress = listener;
    },
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startBot>>} Bot */
/** @typedef {{ sender: Bot, receiver: () => Promise<Bot>, stopReceiver: () => Promise<void>, pids: () => (number | undefined)[], close: () => Promise<void> }} Pair */

/** @param {string} name @param {string} relay @returns {Promise<Pair>} */
async function startLibrary(name, relay) {
  const [alice, bob] = [generateSecretKey(), generateSecretKey()];
  const receiver = () => startBot(name, ['receiver', relay, bytesToHex(bob), getPublicKey(alice)]);
  const sender = await startBot(name, ['sender', relay, bytesToHex(alice), getPublicKey(bob)]);
  /** @type {Bot | undefined} */
  let current;
  return {
    sender,
    async receiver() {
      current = await receiver();
      return current;
    },
    stopReceiver: async () => current?.stop(),
    pids: () => [sender.pid, current?.pid],
    async close() {
      await sender.stop();
      await current?.stop();
    },
  };
}

/** Two daemons, with a program each. @param {ReturnType<typeof createProcessMesh>} mesh @param {string} relay @returns {Promise<Pair>} */
async function startDaemons(mesh, relay) {
  const quiet = { OCMESH_LOG_LEVEL: 'warn' };
  const alice = await mesh.startAgent('alice', [relay], quiet);
  let bob = await mesh.startAgent('bob', [relay], quiet);
  await mesh.meet(alice, bob);
  await mesh.befriend(alice, bob);
  await mesh.befriend(bob, alice);
  const sender = await startBot('ocmesh', ['sender', alice.url, '', bob.pubkey]);
  /** @type {Bot | undefined} */
  let current;
  let isRunning = true;
  return {
    sender,
    async receiver() {
      if (!isRunning) bob = await mesh.startAgent('bob', [relay], quiet);
      isRunning = true;
      current = await startBot('ocmesh', ['receiver', bob.url, '', alice.pubkey]);
      return current;
    },
    async stopReceiver() {
      await current?.stop();
      await bob.stop();
      isRunning = false;
    },
    pids: () => [alice.child.pid, bob.child.pid, sender.pid, current?.pid],
    async close() {
      await sender.stop();
      await current?.stop();
    },
  };
}

/**
 * Sends messages, so many at a time. Resolves when all are over, or nothing more arrives.
 * @param {Bot} sender @param {Bot} watched who says that a message is over: by `got` its receiver, by `taken` its sender
 * @param {'got' | 'taken'} end @param {{ first: number, count: number, underWay: number }} which
 */
async function sendAll(sender, watched, end, { first, count, underWay }) {
  let next = first;
  let lastMs = performance.now();
  const open = new Set();
  const start = () => {
    if (next >= first + count) return;
    open.add(next);
    sender.write(next++);
  };
  watched.follow((kind, number) => {
    if (kind !== end || !open.delete(number)) return;
    lastMs = performance.now();
    start();
  });
  for (let n = 0; n < underWay; n++) start();
  while (open.size > 0 && performance.now() - lastMs < SILENCE_MS) await pause(5);
}

/** Waits until the receiver has everything, or nothing more arrives. @param {Bot} bot @param {(n: number) => boolean} isDue @param {number} count */
async function settle(bot, isDue, count) {
  const due = () => [...bot.gotAt.keys()].filter(isDue).length;
  while (due() < count && performance.now() - bot.lastMs() < SILENCE_MS) await pause(50);
}

/** @param {readonly number[]} values */
const sum = (values) => values.reduce((one, other) => one + other, 0);

/**
 * Sends in turns with the others, so that all of them meet the same machine.
 * @param {string} name @param {Pair} pair
 */
async function createContestant(name, pair) {
  const receiver = await pair.receiver();
  let next = 0;
  /** Of the messages that count: when each arrived, and how long it took. */
  const all = { tookMs: 0, cpu: 0, lost: 0, latencies: /** @type {number[]} */ ([]) };
  const alone = /** @type {number[]} */ ([]);

  /** @param {number} count @param {number} underWay @returns the latencies of those that arrived */
  async function exchange(count, underWay) {
    const first = next;
    next += count;
    await sendAll(pair.sender, receiver, 'got', { first, count, underWay });
    return Array.from({ length: count }, (_, n) => first + n).flatMap((n) => {
      const [at] = receiver.gotAt.get(n) ?? [];
      return at === undefined ? [] : at - (pair.sender.sentAt.get(n) ?? Number.NaN);
    });
  }

  await exchange(WARM_UP, UNDER_WAY);
  return {
    async send(/** @type {number} */ count) {
      const before = sum(pair.pids().map(cpuMs));
      const began = performance.now();
      const latencies = await exchange(count, UNDER_WAY);
      all.tookMs += performance.now() - began;
      // What the sender does with receipts belongs to the message.
      await pause(300);
      all.cpu += sum(pair.pids().map(cpuMs)) - before;
      all.latencies.push(...latencies);
      all.lost += count - latencies.length;
      alone.push(...(await exchange(ALONE, 1)));
    },
    async finish() {
      const memory = sum(pair.pids().map(residentMb));
      const latencies = all.latencies.sort((a, b) => a - b);
      const first = next;
      await pair.stopReceiver();
      await sendAll(pair.sender, pair.sender, 'taken', { first, count: MESSAGES, underWay: UNDER_WAY });
      const later = await pair.receiver();
      const isLater = (/** @type {number} */ n) => n >= first;
      await settle(later, isLater, MESSAGES);
      await pause(1_000);
      const again = [...later.gotAt].filter(([n, at]) => at.length > 1 || receiver.gotAt.has(n)).length;
      const twice = [...receiver.gotAt.values()].filter((at) => at.length > 1).length;
      return {
        name,
        messages: MESSAGES,
        perSecond: (latencies.length / all.tookMs) * 1000,
        p50: median(latencies),
        p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
        alone: median(alone),
        cpuEach: all.cpu / MESSAGES,
        memory,
        lost: all.lost,
        lostOff: MESSAGES - [...later.gotAt.keys()].filter(isLater).length,
        twice: again + twice,
      };
    },
  };
}

export async function run() {
  if (!existsSync(new URL('./peers/node_modules', import.meta.url)))
    throw new Error(
      'run `npm install --prefix bench/peers --ignore-scripts` first: NDK is not part of the workspace',
    );
  const mesh = createProcessMesh(program);
  const relay = await mesh.startRelay(['--open-dms']);
  const pairs = [];
  const contestants = [];
  for (const name of ['ocmesh', 'simple-pool', 'ndk', 'rust-nostr']) {
    const pair =
      name === 'ocmesh' ? await startDaemons(mesh, relay.url) : await startLibrary(name, relay.url);
    pairs.push(pair);
    contestants.push(await createContestant(name, pair));
  }
  for (let turn = 0; turn < TURNS; turn++)
    for (const contestant of contestants) await contestant.send(MESSAGES / TURNS);
  const results = [];
  for (const contestant of contestants) {
    const result = await contestant.finish();
    results.push(result);
    addRow(result);
    const { name, perSecond, p50, p99, alone, cpuEach, memory, lost, lostOff, twice } = result;
    console.log(
      `  ${name.padEnd(12)} ${perSecond.toFixed(0)}/s  p50 ${p50.toFixed(0)} ms  p99 ${p99.toFixed(0)} ms  alone ${alone.toFixed(0)} ms  CPU ${cpuEach.toFixed(1)} ms  ${memory.toFixed(0)} MB  lost ${lost} + ${lostOff} while off  twice ${twice}`,
    );
  }
  for (const pair of pairs) await pair.close();
  await mesh.close();
  const [ours, ...others] = results;
  if (!ours) return;
  const whole = others.filter(({ lost }) => lost === 0);
  figure(
    'messages a second / the best of the others',
    ours.perSecond / Math.max(...whole.map((one) => one.perSecond)),
    {
      unit: '×',
      atLeast: 2,
    },
  );
  figure(
    'CPU a message / the least of the others',
    ours.cpuEach / Math.min(...whole.map((one) => one.cpuEach)),
    {
      unit: '×',
      atMost: 0.5,
    },
  );
  figure('p99 / the least of the others', ours.p99 / Math.min(...whole.map((one) => one.p99)), {
    unit: '×',
    atMost: 1,
  });
  figure(
    'p50 one by one / the least of the others',
    ours.alone / Math.min(...whole.map((one) => one.alone)),
    {
      unit: '×',
    },
  );
  figure('lost while the receiver was off', ours.lostOff, { unit: '', atMost: 0 });
}
