// What discovery costs and how right it is, against the size of the mesh: a day of one agent, on a clock that runs ahead, among
// agents that behave as it does; and the first seconds of a real daemon on a real relay.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { matchesFilter } from '@ocmesh/shared/wire';
import { createFakeClock } from '@ocmesh/testkit';
import { createWasmEngine } from '../packages/daemon/dist/adapters/crypto/wasm-engine.js';
import { compactInWorker } from '../packages/daemon/dist/adapters/store/engine/compaction.js';
import { realFiles } from '../packages/daemon/dist/adapters/store/engine/files.js';
import { openStore } from '../packages/daemon/dist/adapters/store/store.js';
import { createSystemClock } from '../packages/daemon/dist/adapters/system/clock.js';
import { createSystemRandom } from '../packages/daemon/dist/adapters/system/random.js';
import { createAgent } from '../packages/daemon/dist/agent.js';
import { defaults } from '../packages/daemon/dist/config/schema.js';
import { createContacts, createCrowd, rulesFor, signingTime, urls } from './mesh-crowd.mjs';
import { measureStart } from './mesh-start.mjs';
import { figure } from './report.mjs';

const SIZES = (process.env['MESH_SIZES'] ?? '100,1000,10000,100000').split(',').map(Number);
/** Not run: as many agents would fill the memory of this process. The same rules, computed. */
const MODELLED = 1_000_000;
const HOURS = Number(process.env['MESH_HOURS'] ?? 24);
const STEP_SEC = 10;
const CONTACTS = 20;
/** Two scans: later, a contact's state should be right. */
const GRACE_SEC = 240;
const FRAME = '["EVENT","presence",]'.length;

/** @param {number} count */
async function day(count) {
  const clock = createFakeClock(Date.UTC(2027, 0, 1));
  const nowSec = () => Math.floor(clock.now() / 1000);
  const crowd = createCrowd(count, nowSec);
  const friends = createContacts(CONTACTS, crowd, clock);
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-bench-'));
  const log = { debug() {}, info() {}, warn() {}, error: console.error };
  const store = await openStore({
    path: join(folder, 'ocmesh.db'),
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
  const traffic = { bytes: 0, events: 0, queries: 0 };
  const network = createCrowdNetwork({ crowd, friends, clock, nowSec, traffic });
  const agent = await createAgent(
    {
      store,
      engine: createWasmEngine(),
      clock,
      random: createSystemRandom(),
      log,
      connect: () => network,
      renderMetrics: async () => '',
      prove: async () => ({ proof: '', token_proof: null }),
    },
    { ...defaults, relays: urls, presence_kinds: [31337] },
  );
  /** Waits for the disk, which has a clock of its own. */
  const settle = async () => {
    for (let n = 0; n < 3; n++) {
      await store.read(() => 0);
      await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(0);
    }
  };
  network.publishAll(friends.live());
  await agent.start();
  await settle();
  for (const { pubkey } of friends.contacts) {
    const added = agent.handlers.addPeer({ pubkey });
    await settle();
    await added;
    await agent.handlers.updatePeer({ pubkey, trust: 'contact' });
  }
  const began = { cpu: process.cpuUsage(), signing: signingTime() };
  let looks = 0;
  let right = 0;
  for (let step = 0; step < (HOURS * 3600) / STEP_SEC; step++) {
    await clock.advance(STEP_SEC * 1000);
    network.publishAll(friends.live());
    network.deliver();
    await settle();
    if (step < 30 || step % 6 !== 0) continue;
    // Not asked for one by one: that would look up those that are unknown.
    const { items } = await agent.handlers.listPeers({ trust: 'contact', online: true });
    const online = new Set(items.map((/** @type {any} */ { pubkey }) => pubkey));
    for (const { pubkey, isOn, changedSec } of friends.contacts) {
      if (nowSec() - changedSec <= GRACE_SEC) continue;
      looks++;
      if (online.has(pubkey) === isOn) right++;
    }
  }
  const cpu = process.cpuUsage(began.cpu);
  const { discovery, known_peer_count } = await agent.handlers.getStatus({});
  await agent.stop();
  await store.close();
  rmSync(folder, { recursive: true });
  return {
    count,
    megabytes: (traffic.bytes / 1e6) * (24 / HOURS),
    events: traffic.events * (24 / HOURS),
    queries: traffic.queries * (24 / HOURS),
    perSecond: crowd.perSecond,
    rightPercent: (100 * right) / looks,
    cpuPercent: ((cpu.user + cpu.system) / 1000 - (signingTime() - began.signing)) / (HOURS * 36_000),
    known: known_peer_count,
    estimate: discovery.mesh,
    sampled: discovery.sampled_relays.length,
  };
}

/** The relays as our agent sees them. @param {any} deps @returns {any} */
function createCrowdNetwork({ crowd, friends, clock, nowSec, traffic }) {
  /** @type {any} */
  let listener;
  /** @type {readonly any[]} */
  let permanent = [];
  const live = urls.map(() => /** @type {any[]} */ ([]));
  const deliveredSec = urls.map(() => nowSec());
  const relayOf = (/** @type {string} */ url) => urls.indexOf(url);
  const sizeOf = (/** @type {any} */ event) => JSON.stringify(event).length + FRAME;
  const isForPresences = (/** @type {any} */ filter) => filter.kinds.includes(31337);

  function find(/** @type {number} */ relay, /** @type {any} */ filter) {
    if (!isForPresences(filter)) return [];
    if (!filter.authors) return crowd.newest(relay, filter);
    return friends.contacts.flatMap((/** @type {any} */ { newest }) =>
      newest && matchesFilter(filter, newest) ? [newest] : [],
    );
  }
  function count(/** @type {any[]} */ events) {
    const bytes = events.reduce((sum, event) => sum + sizeOf(event), 0);
    traffic.bytes += bytes;
    traffic.events += events.length;
    return bytes;
  }
  function send(/** @type {number} */ relay, /** @type {any[]} */ events) {
    count(events);
    for (const event of events) listener.onEvent(event, urls[relay], sizeOf(event));
  }
  function subscribe(/** @type {number} */ relay) {
    const filters = permanent.find(({ name }) => name === 'presence').filters(urls[relay]);
    live[relay] = filters;
    send(
      relay,
      filters.flatMap((/** @type {any} */ filter) => find(relay, filter).slice(0, filter.limit)),
    );
  }

  return {
    start(/** @type {any} */ _urls, /** @type {any} */ subscriptions, /** @type {any} */ reportTo) {
      permanent = subscriptions;
      listener = reportTo;
      for (const [relay, url] of urls.entries()) {
        listener.onConnected(url);
        subscribe(relay);
        for (const { name } of permanent) listener.onSubscribed(url, name);
      }
    },
    stop: async () => {},
    relays: () =>
      urls.map((url) => ({
        url,
        role: 'own',
        open: true,
        state: 'connected',
        connectedSince: clock.now(),
        carriesDms: true,
        sharesSubscription: false,
        lastError: null,
        isProxyDown: false,
        roundTripMs: 50,
        info: { supportedNips: [1, 40], limitation: {} },
        backoffUntil: null,
        clockOffsetMs: 0,
      })),
    use() {},
    reach() {},
    async publish(/** @type {string} */ url, /** @type {any} */ event) {
      const pong = friends.pongFor(event);
      if (pong) queueMicrotask(() => send(relayOf(url), [pong]));
      return { outcome: 'accepted', reason: null, prefix: null };
    },
    count: async () => null,
    async query(/** @type {string} */ url, /** @type {any[]} */ filters) {
      traffic.queries++;
      const events = filters.flatMap((filter) => find(relayOf(url), filter));
      const bytes = count(events);
      return {
        complete: true,
        events,
        tooLarge: false,
        rows: events.length,
        bytes,
        ignoresUntil: false,
        hint: null,
      };
    },
    resubscribe: (/** @type {string} */ url) => subscribe(relayOf(url)),
    report() {},
    wake() {},
    /** Delivers what contacts publish. */
    publishAll(/** @type {any[]} */ events) {
      if (!listener) return;
      for (const relay of urls.keys())
        send(
          relay,
          events.filter((event) => live[relay]?.some((filter) => matchesFilter(filter, event))),
        );
    },
    /** Delivers what the crowd published since the last call. */
    deliver() {
      for (const relay of urls.keys()) {
        if (live[relay]?.some(({ authors }) => !authors)) {
          send(relay, crowd.since(relay, deliveredSec[relay] ?? 0, live[relay] ?? []));
        }
        deliveredSec[relay] = nowSec();
      }
    },
  };
}

/** Fits `a · N^b` to what was measured from 1,000 agents on, and says what that gives for a million. @param {any[]} rows */
function model(rows) {
  const measured = rows.filter(({ count }) => count >= 1_000);
  const name = `${MODELLED} agents (model, `;
  const fitted = (/** @type {(row: any) => number} */ of) => {
    const xs = measured.map(({ count }) => Math.log(count));
    const ys = measured.map((row) => Math.log(of(row)));
    const mean = (/** @type {number[]} */ all) => all.reduce((sum, one) => sum + one, 0) / all.length;
    const [x, y] = [mean(xs), mean(ys)];
    const products = xs.map((one, n) => (one - x) * (Number(ys[n]) - y));
    const slope = mean(products) / mean(xs.map((one) => (one - x) ** 2));
    return { slope, at: Math.exp(y + slope * (Math.log(MODELLED) - x)) };
  };
  const bytes = fitted(({ megabytes }) => megabytes);
  figure(`${name}~N^${bytes.slope.toFixed(3)}): received for discovery in a day`, bytes.at, {
    unit: 'MB',
    atMost: 50,
  });
  // From 36,000 agents on a relay on, all announce themselves once an hour: more of them change nothing for a contact.
  figure(
    `${name}as at ${measured.at(-1).count}): contacts' state right two scans after a change`,
    measured.at(-1).rightPercent,
    {
      unit: '%',
      atLeast: 99,
    },
  );
  const error = fitted(({ estimate }) => (100 * estimate.error) / estimate.agents);
  figure(`${name}~N^${error.slope.toFixed(2)}): error of the estimate`, error.at, { unit: '%' });
  figure(`${name}by the rules): presences on one relay`, rulesFor(MODELLED).perSecond, {
    unit: '/s',
    atMost: 60,
  });
}

export async function run() {
  const rows = [];
  for (const size of SIZES) {
    const row = await day(size);
    rows.push(row);
    const name = `${size} agents: `;
    console.log(
      `  ${name}${row.sampled} of ${urls.length} relays sampled, ${row.known} known, ${row.events.toFixed(0)} events and ` +
        `${row.queries.toFixed(0)} queries a day, estimate ${row.estimate?.agents} ± ${row.estimate?.error}`,
    );
    figure(`${name}received for discovery in a day`, row.megabytes, { unit: 'MB', atMost: 50 });
    const most = size <= 1_000 ? 4 : size <= 10_000 ? 11 : 30;
    figure(`${name}presences on one relay`, row.perSecond, { unit: '/s', atMost: most });
    figure(`${name}contacts' state right two scans after a change`, row.rightPercent, {
      unit: '%',
      atLeast: 99,
    });
    figure(`${name}CPU of discovery`, row.cpuPercent, { unit: '%' });
  }
  model(rows);
  const all = rows.filter(({ count }) => count >= 1_000).map(({ megabytes }) => megabytes);
  figure('received in a day, most / least from 1,000 agents on', Math.max(...all) / Math.min(...all), {
    unit: '×',
    atMost: 2,
  });
  if (process.env['MESH_JSON']) writeFileSync(process.env['MESH_JSON'], JSON.stringify(rows, null, 2));
  await measureStart();
}
