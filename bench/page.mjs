// Measures the page in a real browser: size, first paint, frames on a busy mesh, memory after an hour of events.
import { readdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createProcessMesh, until } from '@ocmesh/testkit';
import { findBrowser, launchBrowser } from '../e2e/support/page/find-browser.mjs';
import { busySeed, seedHome } from '../e2e/support/page/seed-home.mjs';
import { figure, median } from './report.mjs';

const program = fileURLToPath(new URL('../packages/daemon/bundle/ocmesh.mjs', import.meta.url));
const built = fileURLToPath(new URL('../packages/page/dist/', import.meta.url));
const LOADS = 9;
const PEERS = 2_000;
const FRAMES_MS = 10_000;
const EVENTS_PER_SECOND = 20;
/** An hour of events comes in streams of this many, one after another. */
const STREAM_EVENTS = 2_000;
const HEAP_SAMPLES = 5;
const KIB = 1024;

/** Everything that a browser fetches, as it travels. */
async function transferred() {
  const names = (await readdir(built, { recursive: true })).filter((name) => name.endsWith('.br'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(built + name)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('@ocmesh/testkit').RunningAgent} Agent */

/** @param {Page} page @param {Agent} agent */
async function signIn(page, agent) {
  const { code } = await agent.owner.createPageCode({});
  await page.goto(`${agent.url}/#code=${code}`);
  await page.getByRole('img', { name: /QR code/ }).waitFor();
}

/** Milliseconds until something is painted. @param {Page} page */
const firstPaint = (page) =>
  page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN);

/** Milliseconds between frames, while it runs. @param {Page} page @param {number} ms */
const frameTimes = (page, ms) =>
  page.evaluate(
    (duration) =>
      new Promise((/** @type {(times: number[]) => void} */ resolve) => {
        /** @type {number[]} */
        const times = [];
        const began = performance.now();
        let last = began;
        const next = (/** @type {number} */ now) => {
          times.push(now - last);
          last = now;
          if (now - began < duration) requestAnimationFrame(next);
          else resolve(times.slice(1));
        };
        requestAnimationFrame(next);
      }),
    ms,
  );

/** Sends messages to the agent at a steady rate. @param {Agent} from @param {Agent} to */
function keepSending(from, to) {
  let sent = 0;
  const timer = setInterval(() => {
    void from.owner.sendMessage({ to: to.pubkey, content: `message ${sent++}` }).catch(() => {});
  }, 1000 / EVENTS_PER_SECOND);
  return () => clearInterval(timer);
}

/** @param {number} from @param {readonly string[]} pubkeys */
const streamOf = (from, pubkeys) =>
  Array.from({ length: STREAM_EVENTS }, (_, i) => {
    const n = from + i;
    const id = `${n}`.padStart(32, '0');
    const to = pubkeys[n % pubkeys.length];
    const at = new Date(n).toISOString();
    const relays = [{ url: 'wss://one.example', outcome: 'accepted', reason: null, at }];
    const delivery = {
      state: 'published',
      relays,
      kept_by: 0,
      delivered_at: null,
      read_at: null,
      next_attempt_at: null,
    };
    const data = JSON.stringify({ id, to, state: 'published', delivery });
    return `id: ab:${n}\nevent: message.state\ndata: ${data}\n\n`;
  }).join('');

/** Feeds an hour of events to the page. @returns bytes of its heap after a tenth of them, and at the end @param {Page} page @param {readonly string[]} pubkeys */
async function hourOfEvents(page, pubkeys) {
  const session = await page.context().newCDPSession(page);
  // The least of a few: a stream that is being read adds up to 2 MB.
  const heap = async () => {
    const sizes = [];
    for (let i = 0; i < HEAP_SAMPLES; i++) {
      const before = served;
      await session.send('HeapProfiler.collectGarbage');
      sizes.push((await session.send('Runtime.getHeapUsage')).usedSize);
      await until(() => served > before, { moves: () => [`${served} streams`] });
    }
    return Math.min(...sizes);
  };
  const streams = (EVENTS_PER_SECOND * 3600) / STREAM_EVENTS;
  let served = 0;
  await page.route('**/events', (route) =>
    route.fulfill({
      contentType: 'text/event-stream',
      body: streamOf(served++ * STREAM_EVENTS, pubkeys),
    }),
  );
  await page.reload();
  await until(() => served >= Math.ceil(streams / 10), { moves: () => [`${served} streams`] });
  const early = await heap();
  await until(() => served >= streams, { moves: () => [`${served} streams`] });
  return { early, late: await heap() };
}

export async function run() {
  figure('everything that is transferred, compressed', (await transferred()) / KIB, {
    unit: 'KB',
    atMost: 100,
  });
  if (!findBrowser()) return console.log('  no browser: the other figures are left out');
  const browser = await launchBrowser();
  const mesh = createProcessMesh(program);
  try {
    const relay = await mesh.startRelay();
    const bob = await mesh.startAgent('bob', [relay.url]);
    const first = await mesh.startAgent('alice', [relay.url]);
    await mesh.meet(first, bob);
    await mesh.befriend(first, bob);
    await mesh.befriend(bob, first);
    await first.stop();
    const seed = busySeed(PEERS);
    await seedHome(first.home, seed);
    const alice = await mesh.startAgent('alice', [relay.url]);

    const page = await browser.newPage();
    await signIn(page, alice);
    const paints = [];
    for (let n = 0; n < LOADS; n++) {
      await page.reload();
      await page.getByRole('img', { name: /QR code/ }).waitFor();
      paints.push(await firstPaint(page));
    }
    figure('first paint', median(paints), { unit: 'ms', atMost: 300 });

    const idle = await frameTimes(page, FRAMES_MS / 4);
    const stopSending = keepSending(bob, alice);
    const times = await frameTimes(page, FRAMES_MS);
    stopSending();
    const sorted = times.toSorted((one, other) => one - other);
    figure('frame with nothing to do, median', median(idle), { unit: 'ms' });
    figure(`frame, ${PEERS} peers and ${EVENTS_PER_SECOND} events a second, median`, median(times), {
      unit: 'ms',
      atMost: 17,
    });
    figure('the same, 95th percentile', sorted[Math.floor(sorted.length * 0.95)] ?? NaN, {
      unit: 'ms',
      atMost: 34,
    });

    const { early, late } = await hourOfEvents(
      page,
      seed.peers.map(({ pubkey }) => pubkey),
    );
    figure('heap after an hour of events', late / KIB / KIB, { unit: 'MB' });
    figure('the same / after six minutes of them', late / early, { unit: '×', atMost: 1.2 });
  } finally {
    await browser.close();
    await mesh.close();
  }
}
