// Captures one example of each REST call from a real run: a relay and three daemons on loopback, with fixed keys. What
// differs from run to run (ports, ids, times, sizes) is replaced, so that a new capture changes as little as possible.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient, followEvents } from '@ocmesh/client';
import { createProcessMesh, until } from '@ocmesh/testkit';
import { getPublicKey } from 'nostr-tools';
import { npubEncode, nsecEncode } from 'nostr-tools/nip19';

/** @typedef {import('./examples.mjs').Example} Example */
/** @typedef {import('@ocmesh/testkit').RunningAgent} Agent */

const program = fileURLToPath(new URL('../../packages/daemon/bundle/ocmesh.mjs', import.meta.url));
const run = promisify(execFile);

/** Secret keys of the agents: public, so good for nothing else. @param {number} byte */
const secretKey = (byte) => new Uint8Array(32).fill(byte);

/** @returns {Promise<Record<string, Example>>} by operation, and `error` */
export async function captureExamples() {
  const mesh = createProcessMesh(program);
  try {
    const relay = await mesh.startRelay();
    const other = await mesh.startRelay();
    const alice = await startAgent(mesh, 'alice', 1, relay.url);
    const bob = await startAgent(mesh, 'bob', 2, relay.url);
    await mesh.meet(alice, bob);
    const recorder = createRecorder(alice);
    await captureAll(recorder, {
      alice,
      bob,
      other: other.url,
      startCarol: () => startAgent(mesh, 'carol', 3, relay.url),
    });
    return normalize(recorder.examples, [relay.url, other.url]);
  } finally {
    await mesh.close();
  }
}

/** @param {import('@ocmesh/testkit').ProcessMesh} mesh @param {string} name @param {number} keyByte @param {string} relay */
async function startAgent(mesh, name, keyByte, relay) {
  const home = join(mesh.place, name);
  const file = join(mesh.place, `${name}.key`);
  mkdirSync(mesh.place, { recursive: true });
  writeFileSync(file, nsecEncode(secretKey(keyByte)), { mode: 0o600 });
  const env = { PATH: process.env['PATH'], HOME: mesh.place, OCMESH_HOME: home };
  await run(process.execPath, [program, 'key', 'import', file], { env });
  return mesh.startAgent(name, [relay]);
}

/** Calls operations of an agent and keeps the HTTP exchange of each. @param {Agent} agent */
function createRecorder(agent) {
  /** @type {Record<string, Example>} */
  const examples = {};
  let last = { status: 0, text: '' };
  /** @type {typeof fetch} */
  const recordingFetch = async (url, init) => {
    // Only our own page can open a session: it calls from its origin.
    if (String(url).endsWith('/page/session'))
      Object.assign(init?.headers ?? {}, { origin: agent.url, 'sec-fetch-site': 'same-origin' });
    const response = await fetch(url, init);
    last = { status: response.status, text: await response.clone().text() };
    return response;
  };
  const access = { baseUrl: () => agent.url, fetch: /** @type {any} */ (recordingFetch), asOwner: true };
  const token = () => readFileSync(join(agent.home, 'token'), 'utf8').trim();
  const client = /** @type {any} */ (createClient({ ...access, token }));

  /** @param {string} name @param {Record<string, unknown>} [input] @param {string} [as] */
  async function call(name, input = {}, as = name) {
    const result = await client[name](input).catch((/** @type {unknown} */ error) => {
      if (as === name) throw error;
    });
    const { status, text } = last;
    const isJson = text.startsWith('{') || text.startsWith('[');
    examples[as] = { input, status, response: isJson ? JSON.parse(text) : text };
    return result;
  }
  return { examples, call };
}

/**
 * @param {ReturnType<typeof createRecorder>} recorder
 * @param {{ alice: Agent, bob: Agent, other: string, startCarol: () => Promise<Agent> }} world
 */
async function captureAll({ examples, call }, { alice, bob, other, startCarol }) {
  await call('getHealth');
  await call('prove', { nonce: '6f'.repeat(32) });
  await call('getIdentity');
  await call('getProfile');
  await call('setProfile', { about: 'I keep Alice’s calendar.', capabilities: ['calendar', 'reminders'] });
  await call('listPeers', { online: true });
  await call('getPeer', { pubkey: bob.pubkey });
  await call('getPeer', { pubkey: getPublicKey(secretKey(9)) }, 'error');
  await call('addPeer', { pubkey: getPublicKey(secretKey(4)), alias: 'Dave' });
  await call('updatePeer', { pubkey: bob.pubkey, trust: 'contact', note: 'Keeps the calendar.' });
  await call('resumePeer', { pubkey: bob.pubkey });

  const types = 'message.received';
  const stream = await openStream(alice, types);
  await bob.api.sendMessage({ to: alice.pubkey, content: 'Hello Alice. Are you free at ten?' });
  examples['followEvents'] = { input: { types }, status: 200, response: [await stream.first] };
  const { messages } = await call('waitForMessages', { timeout_s: 20 });
  const question = messages[0].id;
  await call('listMessages', { unread: true, from: bob.pubkey });
  const reply = { to: bob.pubkey, content: 'Yes, at ten.', reply_to: question };
  const { id } = await call('sendMessage', { ...reply, idempotency_key: 'reply-to-bob-1' });
  await call('markRead', { id: question });
  await until(async () => (await alice.api.getMessage({ id })).delivery.state === 'delivered');
  await call('getMessage', { id });

  await call('setOwner', { pubkey: npubEncode(getPublicKey(secretKey(5))), quiet_hours: '22:00-07:00' });
  await call('getOwner');
  await call('removeOwner');
  await call('testWake', { watcher: 'claude' });
  await call('getPolicy');
  await call('setPolicy', { strangers: 'ask' });
  const carol = await startCarol();
  await until(async () =>
    (await carol.api.listPeers({})).items.some(({ pubkey }) => pubkey === alice.pubkey),
  );
  await carol.api.sendMessage({ to: alice.pubkey, content: 'Hi, I am Carol. May I write to you?' });
  await until(async () => (await alice.api.listRequests({})).length > 0);
  await call('listRequests');
  await call('answerRequest', { pubkey: carol.pubkey, accept: true });

  await call('addRelay', { url: other });
  await until(async () => (await alice.api.listRelays({})).every(({ carries_dms }) => carries_dms));
  await call('testRelay', { url: other });
  await call('removeRelay', { url: other });
  await call('listRelays');
  await call('getStatus');
  const { code } = await call('createPageCode');
  await call('getPageSession');
  await call('openPageSession', { code });
  await call('closePageSession');
  await call('getHistory');
  await call('getMetrics');
  await call('getOpenApi');
}

/** Opens a stream of events. @param {Agent} agent @param {string} types */
async function openStream(agent, types) {
  /** @type {(value: unknown) => void} */
  let onOpen = () => {};
  const opened = new Promise((resolve) => {
    onOpen = resolve;
  });
  /** @type {typeof fetch} */
  const openingFetch = async (url, init) => {
    const response = await fetch(url, init);
    onOpen(null);
    return response;
  };
  const events = followEvents(
    { types },
    { baseUrl: () => agent.url, fetch: /** @type {any} */ (openingFetch) },
  );
  const first = (async () => {
    for await (const event of events) return event;
  })();
  await opened;
  return { first };
}

/** Values that differ from run to run, by the name of their field. @type {Record<string, number | string>} */
const fixedValues = {
  uptime_seconds: 3600,
  bytes: 131_072,
  journal_bytes: 24_576,
  round_trip_ms: 3,
  clock_offset_ms: 250,
  connected_since: '2026-01-01T12:00:00.000Z',
  first_seen: '2026-01-01T12:00:05.000Z',
  timestamp: '2026-01-01T12:59:00.000Z',
  at: '2026-01-01T12:59:01.000Z',
  delivered_at: '2026-01-01T12:59:02.000Z',
  last_seen: '2026-01-01T12:59:30.000Z',
  since: '2026-01-01T12:59:40.000Z',
  code: '482913',
  code_until: '2026-01-02T13:00:00.000Z',
};
/** Shown as `last_seen` of a peer that was never seen. */
const NEVER = '1970-01-01T00:00:00.000Z';
/** Lines of the metrics that are shown. */
const METRIC_LINES = 7;

/**
 * Replaces what differs from run to run.
 * @param {Record<string, Example>} examples @param {string[]} relays
 */
function normalize(examples, relays) {
  const { getOpenApi, getMetrics, ...others } = /** @type {any} */ (examples);
  const { openapi, info } = getOpenApi.response;
  const metrics = getMetrics.response.split('\n').slice(0, METRIC_LINES);
  let text = JSON.stringify({
    ...others,
    getOpenApi: { ...getOpenApi, response: { openapi, info } },
    getMetrics: { ...getMetrics, response: `${metrics.join('\n')}\n` },
  });
  relays.forEach((url, i) => {
    text = text.replaceAll(url, `ws://127.0.0.1:${7447 + i}`);
  });
  text = replaceEach(text, /\b[0-9a-f]{32}\b/g, (n) => hexDigest(`message ${n}`, 32));
  text = replaceEach(text, /(?<="request_id":")[0-9a-f]+/g, (n) => hexDigest(`request ${n}`, 16));
  text = replaceEach(text, /(?<="id":")[0-9a-f]{8}(?=:)/g, (n) => hexDigest(`stream ${n}`, 8));
  return JSON.parse(text, (key, value) => {
    const isStable = value === null || value === NEVER || !Object.hasOwn(fixedValues, key);
    return isStable ? value : fixedValues[key];
  });
}

/** @param {string} text @param {RegExp} pattern @param {(n: number) => string} replacement of the nth distinct match */
function replaceEach(text, pattern, replacement) {
  const distinct = [...new Set(text.match(pattern))];
  return text.replace(pattern, (match) => replacement(distinct.indexOf(match)));
}

/** @param {string} seed @param {number} length */
const hexDigest = (seed, length) => createHash('sha256').update(seed).digest('hex').slice(0, length);
