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
  let refused = 0;
  child.once('exit', () => onReady());
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    const { ready, sent, got, atMs, finished, refused: number } = JSON.parse(line);
    lastMs = performance.now();
    if (ready) onReady();
    if (sent !== undefined) sentAt.set(sent, atMs);
    if (got !== undefined) gotAt.set(got, [...(gotAt.get(got) ?? []), atMs]);
    if (number !== undefined) refused++;
    if (finished) isFinished = true;
  });
  await ready;
  return {
    pid: child.pid,
    sentAt,
    gotAt,
    refused: () => refused,
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

/** @param {string} name @param {Pair} pair */
async function measure(name, pair) {
  const receiver = await pair.receiver();
  pair.sender.write(0, 50);
  await settle(receiver, (n) => n < 50, 50);
  const cpuBefore = pair.pids().map(cpuMs);
  const isFirst = (/** @type {number} */ n) => n >= 50 && n < 50 + MESSAGES;
  pair.sender.write(50, MESSAGES);
  await settle(receiver, isFirst, MESSAGES);
  while (!pair.sender.hasFinished()) await pause(50);
  const sum = (/** @type {readonly number[]} */ values) => values.reduce((one, other) => one + other, 0);
  const cpu = sum(pair.pids().map(cpuMs)) - sum(cpuBefore);
  const memory = sum(pair.pids().map(residentMb));
  const arrived = [...receiver.gotAt].filter(([n]) => isFirst(n));
  const latencies = arrived
    .map(([n, [at = Number.NaN]]) => at - (pair.sender.sentAt.get(n) ?? Number.NaN))
    .sort((a, b) => a - b);
  const began = pair.sender.sentAt.get(50) ?? Number.NaN;
  const ended = Math.max(...arrived.map(([, [at = 0]]) => at));
  await pair.stopReceiver();

  const isSecond = (/** @type {number} */ n) => n >= 50 + MESSAGES;
  pair.sender.write(50 + MESSAGES, MESSAGES);
  while (!pair.sender.hasFinished()) await pause(50);
  const later = await pair.receiver();
  await settle(later, isSecond, MESSAGES);
  await pause(1_000);
  const lostOff = MESSAGES - [...later.gotAt.keys()].filter(isSecond).length;
  const twice =
    [...later.gotAt].filter(([n, at]) => at.length > 1 || receiver.gotAt.has(n)).length +
    [...receiver.gotAt.values()].filter((at) => at.length > 1).length;
  return {
    name,
    perSecond: (arrived.length / (ended - began)) * 1000,
    p50: median(latencies),
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
    cpuEach: cpu / MESSAGES,
    memory,
    lost: MESSAGES - arrived.length,
    lostOff,
    twice,
    refused: pair.sender.refused(),
  };
}

export async function run() {
  if (!existsSync(new URL('./peers/node_modules', import.meta.url)))
    throw new Error(
      'run `npm install --prefix bench/peers --ignore-scripts` first: NDK is not part of the workspace',
    );
  const results = [];
  for (const name of ['ocmesh', 'simple-pool', 'ndk', 'rust-nostr']) {
    const mesh = createProcessMesh(program);
    const relay = await mesh.startRelay(['--open-dms']);
    const pair =
      name === 'ocmesh' ? await startDaemons(mesh, relay.url) : await startLibrary(name, relay.url);
    const result = await measure(name, pair);
    await pair.close();
    await mesh.close();
    results.push(result);
    addRow(result);
    console.log(
      `  ${name.padEnd(12)} ${result.perSecond.toFixed(0)}/s  p50 ${result.p50.toFixed(0)} ms  p99 ${result.p99.toFixed(0)} ms  CPU ${result.cpuEach.toFixed(1)} ms  ${result.memory.toFixed(0)} MB  lost ${result.lost} + ${result.lostOff} while off  twice ${result.twice}  refused ${result.refused}`,
    );
  }
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
