// Measures what a daemon costs at rest, on quiet meshes of several sizes: nobody writes, everybody announces itself every
// five minutes, all hellos are sent, and the embedded relay is on the same machine.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { actor, connectRelay, createProcessMesh, until } from '@ocmesh/testkit';
import { finalizeEvent } from 'nostr-tools/pure';
import { compactInWorker } from '../packages/daemon/dist/adapters/store/engine/compaction.js';
import { realFiles } from '../packages/daemon/dist/adapters/store/engine/files.js';
import { openStore } from '../packages/daemon/dist/adapters/store/store.js';
import { createSystemClock } from '../packages/daemon/dist/adapters/system/clock.js';
import { homeFiles } from '../packages/daemon/dist/adapters/system/home.js';
import { readKeystore } from '../packages/daemon/dist/adapters/system/keystore.js';
import { bytesMoved, cpuMs, residentMb, wakeUps } from './process-figures.mjs';
import { figure } from './report.mjs';

const program = fileURLToPath(new URL('../packages/daemon/bundle/ocmesh.mjs', import.meta.url));
const counter = pathToFileURL(fileURLToPath(new URL('./count-syncs.mjs', import.meta.url))).href;
const SIZES = [10, 100, 1_000];
const ANNOUNCE_MS = 300_000;
/** A scan takes place every 120 s, and must be in the period once. */
const MEASURED_MS = 120_000;
const SETTLE_MS = 30_000;
const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {import('@ocmesh/testkit').Actor} peer */
const presenceOf = (peer) =>
  finalizeEvent(
    {
      kind: 31337,
      created_at: Math.floor(Date.now() / 1000),
      tags: [
        ['d', 'ocmesh-presence'],
        ['app', 'ocmesh'],
        ['v', '0.2.0'],
      ],
      content: 'ocmesh-agent-online',
    },
    peer.secretKey,
  );

/** Puts `size` peers onto the relay, and announces one after the other from then on. @param {string} url @param {number} size */
async function startMesh(url, size) {
  const peers = Array.from({ length: size }, (_, n) => actor(`peer ${n}`));
  const client = await connectRelay(url, null);
  const announce = (/** @type {import('@ocmesh/testkit').Actor} */ peer) =>
    client.publish({ ...presenceOf(peer), pubkey: peer.pubkey });
  for (const peer of peers) await announce(peer);
  let next = 0;
  const timer = setInterval(
    () => void announce(/** @type {import('@ocmesh/testkit').Actor} */ (peers[next++ % size])),
    ANNOUNCE_MS / size,
  );
  return async () => {
    clearInterval(timer);
    await client.close();
  };
}

/** Marks all peers as greeted: six hellos a minute would take a quarter of an hour. @param {string} home */
async function endHellos(home) {
  const files = homeFiles(home);
  const store = await openStore({
    path: files.database,
    key: readKeystore(files),
    files: realFiles,
    compact: compactInWorker,
    clock: createSystemClock(),
    log: { debug() {}, info() {}, warn() {}, error: console.error },
    onFailStop: (error) => {
      throw error;
    },
  });
  await store.transaction(({ peers }) => {
    for (const pubkey of peers.ungreeted(1_000)) {
      const peer = peers.get(pubkey);
      if (peer) peers.put({ ...peer, hello: 'published' });
    }
  });
  await store.close();
}

/** @param {number} size */
async function measure(size) {
  const mesh = createProcessMesh(program);
  const relay = await mesh.startRelay();
  const stop = await startMesh(relay.url, size);
  const syncs = join(mesh.place, 'syncs');
  const start = () =>
    mesh.startAgent('agent', [relay.url], {
      NODE_OPTIONS: `--import=${counter}`,
      COUNT_SYNCS_IN: syncs,
      OCMESH_LOG_LEVEL: 'warn',
    });
  const fresh = await start();
  // One page of the relay; the others are met when they announce themselves.
  await until(async () => (await fresh.api.getStatus({})).known_peer_count >= Math.min(size, 500));
  await fresh.stop();
  await endHellos(fresh.home);
  const agent = await start();
  await pause(SETTLE_MS);
  const { pid } = agent.child;
  const read = () => ({
    cpu: cpuMs(pid),
    wakes: wakeUps(pid),
    io: bytesMoved(pid),
    syncs: statSync(syncs).size,
  });
  const before = read();
  await pause(MEASURED_MS);
  const after = read();
  const memory = residentMb(pid);
  await stop();
  await mesh.close();
  return () => show(size, before, after, memory);
}

/** @typedef {{ cpu: number, wakes: number, io: { read: number, written: number }, syncs: number }} Reading */
/** @param {number} size @param {Reading} before @param {Reading} after @param {number} memory */
function show(size, before, after, memory) {
  const seconds = MEASURED_MS / 1000;
  const minutes = seconds / 60;
  const isBar = size === 100;
  const of = `on a quiet mesh of ${size}`;
  const point = (/** @type {string} */ curve) => ({ curve, at: size });
  figure(`CPU ${of}`, (after.cpu - before.cpu) / MEASURED_MS / 0.01, {
    unit: '%',
    ...point('CPU at rest, % of a core'),
    ...(isBar ? { atMost: 0.3 } : {}),
  });
  figure(`wake-ups ${of}`, (after.wakes - before.wakes) / seconds, {
    unit: '/s',
    ...point('Wake-ups a second at rest'),
    ...(isBar ? { atMost: 2 } : {}),
  });
  figure(`read ${of}`, (after.io.read - before.io.read) / 1024 / minutes, {
    unit: 'KB/min',
    ...point('KB read a minute at rest'),
  });
  figure(`written ${of}`, (after.io.written - before.io.written) / 1024 / minutes, { unit: 'KB/min' });
  figure(`syncs to disk ${of}`, (after.syncs - before.syncs) / minutes, {
    unit: '/min',
    ...point('Syncs to disk a minute at rest'),
  });
  figure(`resident memory ${of}`, memory, { unit: 'MB' });
}

/** All sizes at once: what a daemon does at rest does not depend on the others. */
export async function run() {
  const shows = await Promise.all(SIZES.map(measure));
  for (const show of shows) show();
}
