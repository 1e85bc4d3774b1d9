// Compares ingest, including the disk, with the mere verification of signatures: same events, same run, alternating.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kinds, presenceEvent } from '@ocmesh/shared/wire';
import { createSignatureThread } from '../packages/daemon/dist/adapters/crypto/signature-thread.js';
import { createWasmEngine } from '../packages/daemon/dist/adapters/crypto/wasm-engine.js';
import { compactInWorker } from '../packages/daemon/dist/adapters/store/engine/compaction.js';
import { realFiles } from '../packages/daemon/dist/adapters/store/engine/files.js';
import { openStore } from '../packages/daemon/dist/adapters/store/store.js';
import { createSystemClock } from '../packages/daemon/dist/adapters/system/clock.js';
import { createSystemRandom } from '../packages/daemon/dist/adapters/system/random.js';
import { createAgent } from '../packages/daemon/dist/agent.js';
import { defaults } from '../packages/daemon/dist/config/schema.js';
import { newPeer } from '../packages/daemon/dist/core/model/peer.js';
import { figure, median } from './report.mjs';

const ROUNDS = 9;
const EVENTS = 1_500;
/** Authors of the messages, whose shared secrets are computed once. */
const AUTHORS = 50;
const URL = 'ws://127.0.0.1:1';
const log = { debug() {}, info() {}, warn: console.warn, error: console.error };
const clock = createSystemClock();
const random = createSystemRandom();
const author = createWasmEngine();
const secretKey = Buffer.alloc(32, 7);
const self = author.publicKey(secretKey);
const startedSec = Math.floor(Date.now() / 1000);

/** @param {number} n */
const secretKeyOf = (n) => Buffer.from(`${n + 1}`.padStart(64, '0'), 'hex');

const pubkeys = Array.from({ length: EVENTS }, (_, n) => author.publicKey(secretKeyOf(n)));

/** @param {number} n */
const presence = (n) =>
  author.sign(
    presenceEvent({
      kind: kinds.presence,
      createdAtSec: startedSec,
      lifetimeSec: 900,
      version: '0.3.0',
      name: `agent ${n}`,
      features: ['messaging'],
      status: 'online',
      instance: 'bench',
    }),
    secretKeyOf(n),
  );

/** @param {number} n */
function message(n) {
  const key = secretKeyOf(n % AUTHORS);
  const mid = `${n}`.padStart(32, '0');
  const payload = { type: 'text', ts: startedSec * 1000, v: '0.3.0', mid, body: 'x'.repeat(300) };
  const content = author.nip04.seal(key, self, JSON.stringify(payload));
  return author.sign({ kind: kinds.encryptedDm, created_at: startedSec, tags: [['p', self]], content }, key);
}

/** @param {readonly any[]} events */
function verifyRate(events) {
  const engine = createWasmEngine();
  const began = performance.now();
  for (const event of events) if (!engine.verify(event)) throw new Error('a good signature was refused');
  return (events.length * 1000) / (performance.now() - began);
}

/** Starts an agent without relays in a new folder. All its peers are known and greeted, so that presences bring nothing new. */
async function startAgent() {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-bench-'));
  const store = await openStore({
    path: join(folder, 'ocmesh.db'),
    key: Buffer.alloc(32, 7),
    files: realFiles,
    compact: compactInWorker,
    clock,
    log,
    onFailStop: (error) => {
      throw error;
    },
  });
  await store.transaction((tables) => {
    tables.meta.set('secret_key', secretKey.toString('hex'));
    const beforeMs = clock.now() - 300_000;
    for (const [n, pubkey] of pubkeys.entries()) {
      const peer = { ...newPeer(pubkey, beforeMs, beforeMs), name: `agent ${n}`, version: '0.3.0' };
      tables.peers.put({ ...peer, presenceAtSec: startedSec - 300, hello: 'published' });
    }
  });

  let onWritten = () => {};
  /** @type {any} */
  const watched = {
    ...store,
    transaction: (/** @type {any} */ change) => {
      const written = store.transaction(change);
      written.then(() => onWritten());
      return written;
    },
  };
  /** @type {any} */
  let listener;
  /** @type {any} */
  const network = {
    start: (/** @type {any[]} */ ...rest) => {
      listener = rest.at(-1);
    },
    stop: async () => {},
    relays: () => [],
    use() {},
    reach() {},
    publish: async () => ({ outcome: 'not_connected', reason: null, prefix: null }),
    query: async () => ({ complete: false, events: [], tooLarge: false }),
    report() {},
    wake() {},
  };
  const signatureChecks = createSignatureThread({ clock, log });
  const agent = await createAgent(
    {
      store: watched,
      engine: createWasmEngine(),
      signatureChecks,
      clock,
      random,
      log,
      connect: () => network,
      renderMetrics: async () => '',
      prove: async () => ({ proof: '', token_proof: null }),
    },
    { ...defaults, relays: [URL] },
  );
  await agent.start();
  return {
    /** Feeds frames to the agent. Resolves when all of them are on disk. @param {readonly string[]} frames @param {(tables: any) => boolean} isAll */
    take: (frames, isAll) =>
      new Promise((resolve) => {
        onWritten = () => {
          if (store.peek(isAll)) resolve(undefined);
        };
        for (const frame of frames) listener.onEvent(JSON.parse(frame), URL);
      }),
    async stop() {
      await agent.stop();
      signatureChecks.stop();
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** @param {readonly string[]} frames @param {(tables: any) => boolean} isAll */
async function ingestRate(frames, isAll) {
  const agent = await startAgent();
  const began = performance.now();
  await agent.take(frames, isAll);
  const rate = (frames.length * 1000) / (performance.now() - began);
  await agent.stop();
  return rate;
}

/**
 * @param {string} what @param {number} atLeast
 * @param {readonly any[]} events @param {(tables: any) => boolean} isAll
 */
async function compare(what, atLeast, events, isAll) {
  const frames = events.map((event) => JSON.stringify(event));
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = verifyRate(events);
    const rate = await ingestRate(frames, isAll);
    // Measured before and after, because the machine may have become slower.
    const after = verifyRate(events);
    rounds.push({ rate, ratio: (2 * rate) / (before + after) });
  }
  figure(`${what}, durable`, median(rounds.map(({ rate }) => rate)), { unit: '/s' });
  figure(`${what}, durable / checking signatures alone`, median(rounds.map(({ ratio }) => ratio)), {
    unit: '×',
    atLeast,
  });
}

export async function run() {
  const events = (/** @type {(n: number) => any} */ build) =>
    Array.from({ length: EVENTS }, (_, n) => build(n));
  const last = /** @type {any} */ (pubkeys.at(-1));
  await compare(
    `presence of ${EVENTS} peers`,
    0.8,
    events(presence),
    (tables) => tables.peers.get(last).presenceAtSec === startedSec,
  );
  await compare(
    `${EVENTS} messages of ${AUTHORS} peers`,
    0.6,
    events(message),
    (tables) => tables.messages.totals().count === EVENTS,
  );
}
