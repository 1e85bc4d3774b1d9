// A process with one agent, put together as a daemon is: its store on disk, its relays on real sockets, an HTTP server. But its time is in
// the hands of bench/mesh.mjs.

import { createSignatureThread } from '../../packages/daemon/dist/adapters/crypto/signature-thread.js';
import { createWasmEngine } from '../../packages/daemon/dist/adapters/crypto/wasm-engine.js';
import { listen } from '../../packages/daemon/dist/adapters/http/server.js';
import { createRelayNetwork } from '../../packages/daemon/dist/adapters/nostr/network.js';
import { direct } from '../../packages/daemon/dist/adapters/nostr/proxy/dialer.js';
import { compactInWorker } from '../../packages/daemon/dist/adapters/store/engine/compaction.js';
import { realFiles } from '../../packages/daemon/dist/adapters/store/engine/files.js';
import { openStore } from '../../packages/daemon/dist/adapters/store/store.js';
import { createSystemClock } from '../../packages/daemon/dist/adapters/system/clock.js';
import { createSystemRandom } from '../../packages/daemon/dist/adapters/system/random.js';
import { createAgent } from '../../packages/daemon/dist/agent.js';
import { defaults } from '../../packages/daemon/dist/config/schema.js';
import { createFakeClock } from '../../packages/testkit/dist/fake-clock.js';
import { residentMb } from '../process-figures.mjs';
import { PRESENCE_KIND } from './crowd.mjs';

/** Step of the clock: less than the shortest time that a relay gets to respond (5 s). */
const STEP_MS = 2_000;
/** Turns without anything from a relay after which nothing more is coming. */
const QUIET_TURNS = 2;
/** Turns after which time goes on even so: something waits for it. */
const MOST_TURNS = 200;

const log = { debug() {}, info() {}, warn() {}, error: console.error };
/** @type {ReturnType<typeof createFakeClock>} */
let clock;
/** @type {any} */
let agent;
/** @type {any} */
let store;
let underWay = 0;
let activity = 0;

/** Counts what is under way. @param {any} network @returns {any} */
function watched(network) {
  const counted =
    (/** @type {string} */ name) =>
    async (/** @type {any[]} */ ...args) => {
      underWay++;
      try {
        return await network[name](...args);
      } finally {
        underWay--;
        activity++;
      }
    };
  return {
    ...network,
    start(/** @type {any} */ urls, /** @type {any} */ subscriptions, /** @type {any} */ listener) {
      const methods = Object.entries(listener).map(([name, method]) => [
        name,
        (/** @type {any[]} */ ...args) => {
          activity++;
          method(...args);
        },
      ]);
      network.start(urls, subscriptions, Object.fromEntries(methods));
    },
    publish: counted('publish'),
    query: counted('query'),
    count: counted('count'),
  };
}

/** Waits until relays and disk have nothing more. */
async function settle() {
  let quiet = 0;
  for (let turn = 0; turn < MOST_TURNS && quiet < QUIET_TURNS; turn++) {
    const before = activity;
    await store.read(() => 0);
    await new Promise((resolve) => setTimeout(resolve, 1));
    await clock.advance(0);
    quiet = activity === before && underWay === 0 ? quiet + 1 : 0;
  }
}

/** @param {number} ms */
async function pass(ms) {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    const before = activity;
    await clock.advance(Math.min(STEP_MS, ms - passed));
    if (underWay > 0 || activity !== before) await settle();
  }
  await settle();
}

/** @type {string[]} */
const received = [];

/** Answers what has arrived. */
async function answer() {
  const { items } = await agent.handlers.listMessages({ unread: true, order: 'asc', limit: 100 });
  for (const { id, from, content } of items) {
    received.push(content);
    await agent.handlers.sendMessage({ to: from, content: `answer to ${content}`, reply_to: id });
    await agent.handlers.markRead({ ids: [id] });
  }
}

/** @type {Record<string, (input: any) => Promise<any>>} */
const calls = {
  async start({ urls, folder, atMs }) {
    clock = createFakeClock(atMs);
    const random = createSystemRandom();
    store = await openStore({
      path: `${folder}/ocmesh.db`,
      key: Buffer.alloc(32, 7),
      files: realFiles,
      compact: compactInWorker,
      // The disk's time is real.
      clock: createSystemClock(),
      log,
      onFailStop: (error) => {
        throw error;
      },
    });
    agent = await createAgent(
      {
        store,
        engine: createWasmEngine(),
        signatureChecks: createSignatureThread({ clock: createSystemClock(), log }),
        clock,
        random,
        log,
        connect: (sign) => watched(createRelayNetwork({ clock, random, log, sign, outbound: direct })),
        renderMetrics: async () => '',
        prove: async () => ({ proof: '', token_proof: null }),
      },
      { ...defaults, relays: urls, presence_kinds: [PRESENCE_KIND] },
    );
    const callers = { auth: /** @type {const} */ ('none'), token: () => null };
    await listen(0, agent.handlers, { clock: createSystemClock(), random, log }, callers);
    await agent.start();
    await settle();
    return agent.identity.pubkey;
  },
  async befriend(pubkeys) {
    for (const pubkey of pubkeys) {
      const added = agent.handlers.addPeer({ pubkey });
      await settle();
      await added;
      await agent.handlers.updatePeer({ pubkey, trust: 'contact' });
    }
  },
  pass,
  answer,
  async contactsOnline() {
    // Not asked for one by one: that would look up those that are unknown.
    const { items } = await agent.handlers.listPeers({ trust: 'contact', online: true });
    return items.map((/** @type {any} */ { pubkey }) => pubkey);
  },
  async figures() {
    const { user, system } = process.cpuUsage();
    const { discovery, known_peer_count } = await agent.handlers.getStatus({});
    return {
      cpuMs: (user + system) / 1000,
      residentMb: residentMb(process.pid),
      discovery,
      known: known_peer_count,
      received,
    };
  },
};

process.on('message', async (/** @type {any} */ { name, input }) => {
  process.send?.({ output: await calls[name]?.(input) });
});
process.on('disconnect', () => process.exit(0));
