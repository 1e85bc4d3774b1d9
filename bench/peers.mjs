// Compares ocmesh with what a program would use instead, in one run on one relay: 1,000 private messages (NIP-17) from one
// program to another, by eight writers, then 1,000 while the receiver is off. Each library is used as its documentation
// shows. Two daemons of ocmesh write each message to disk before they accept it; the others keep everything in memory.
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
const WRITERS = 8;
const WARM_UP = 50;
const TURNS = 10;
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
  let isFinished = false;
  /** @type {(value?: unknown) => void} */
  let onReady = () => {};
  const ready = new Promise((resolve) => {
    onReady = resolve;
  });
  child.once('exit', () => onReady());
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    const { ready, sent, got, atMs, finished } = JSON.parse(line);
    lastMs = performance.now();
    if (ready) onReady();
    if (sent !== undefined) sentAt.set(sent, atMs);
    if (got !== undefined) gotAt.set(got, [...(gotAt.get(got) ?? []), atMs]);
    if (finished) isFinished = true;
  });
  await ready;
  return {
    pid: child.pid,
    sentAt,
    gotAt,
    lastMs: () => lastMs,
    hasFinished: () => isFinished || child.exitCode !== null,
    write(/** @type {number} */ first, /** @type {number} */ count) {
      isFinished = false;
      child.stdin.write(`${first} ${count} ${WRITERS}\n`);
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
  let tookMs = 0;
  let cpu = 0;
  const isCounted = (/** @type {number} */ n) => n >= WARM_UP && n < WARM_UP + MESSAGES;

  async function send(/** @type {number} */ count) {
    const first = next;
    next += count;
    const before = sum(pair.pids().map(cpuMs));
    pair.sender.write(first, count);
    const isDue = (/** @type {number} */ n) => n >= first && n < next;
    await settle(receiver, isDue, count);
    while (!pair.sender.hasFinished()) await pause(20);
    // What the sender does with receipts belongs to the message.
    await pause(300);
    cpu += sum(pair.pids().map(cpuMs)) - before;
    const arrivals = [...receiver.gotAt].flatMap(([n, [at = 0]]) => (isDue(n) ? at : []));
    tookMs += Math.max(...arrivals) - (pair.sender.sentAt.get(first) ?? Number.NaN);
  }

  await send(WARM_UP);
  tookMs = 0;
  cpu = 0;
  return {
    send,
    async finish() {
      const memory = sum(pair.pids().map(residentMb));
      const arrived = [...receiver.gotAt].filter(([n]) => isCounted(n));
      const latencies = arrived
        .map(([n, [at = Number.NaN]]) => at - (pair.sender.sentAt.get(n) ?? Number.NaN))
        .sort((a, b) => a - b);
      await pair.stopReceiver();
      pair.sender.write(next, MESSAGES);
      await pause(100);
      while (!pair.sender.hasFinished()) await pause(50);
      const later = await pair.receiver();
      const isLater = (/** @type {number} */ n) => n >= next;
      await settle(later, isLater, MESSAGES);
      await pause(1_000);
      const again = [...later.gotAt].filter(([n, at]) => at.length > 1 || receiver.gotAt.has(n)).length;
      const twice = [...receiver.gotAt.values()].filter((at) => at.length > 1).length;
      return {
        name,
        messages: MESSAGES,
        perSecond: (arrived.length / tookMs) * 1000,
        p50: median(latencies),
        p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
        cpuEach: cpu / MESSAGES,
        memory,
        lost: MESSAGES - arrived.length,
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
    const { name, perSecond, p50, p99, cpuEach, memory, lost, lostOff, twice } = result;
    console.log(
      `  ${name.padEnd(12)} ${perSecond.toFixed(0)}/s  p50 ${p50.toFixed(0)} ms  p99 ${p99.toFixed(0)} ms  CPU ${cpuEach.toFixed(1)} ms  ${memory.toFixed(0)} MB  lost ${lost} + ${lostOff} while off  twice ${twice}`,
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
  figure('lost while the receiver was off', ours.lostOff, { unit: '', atMost: 0 });
}
