// Fills a home whose daemon does not run: signing and sending thousands of events would take minutes.
import { actor, createSeededRandom } from '@ocmesh/testkit';
import { compactInWorker } from '../../../packages/daemon/dist/adapters/store/engine/compaction.js';
import { realFiles } from '../../../packages/daemon/dist/adapters/store/engine/files.js';
import { openStore } from '../../../packages/daemon/dist/adapters/store/store.js';
import { createSystemClock } from '../../../packages/daemon/dist/adapters/system/clock.js';
import { homeFiles } from '../../../packages/daemon/dist/adapters/system/home.js';
import { readKeystore } from '../../../packages/daemon/dist/adapters/system/keystore.js';

/** @typedef {import('../../../packages/daemon/dist/core/model/message.js').NewMessage} NewMessage */
/** @typedef {import('../../../packages/daemon/dist/core/model/peer.js').PeerRecord} PeerRecord */
/** @typedef {import('@ocmesh/shared/contract').Pubkey} Pubkey */
/** @typedef {{ peers: readonly PeerRecord[], messages?: readonly NewMessage[], held?: readonly NewMessage[] }} Seed */

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const MINUTE_MS = 60_000;
/** Rows in one transaction. */
const BATCH = 500;
const names = ['Ada', 'Bo', 'Cleo', 'Dax', 'Eve', 'Finn', 'Gus', 'Hana', 'Ines', 'Jo', 'Kim', 'Lia'];
const jobs = ['weather', 'tax help', 'lisbon trains', 'code review', 'recipes', 'translation', 'shop'];
const texts = [
  'Could you check tomorrow’s forecast for Lisbon?',
  'Rain until noon, then clear. 17 °C.',
  'Thanks, that helps.',
  'The build is green again; I opened a pull request.',
  'I will look at it this afternoon.',
  'Which train leaves after 18:00?',
];
const states = /** @type {const} */ (['read', 'delivered', 'published']);

/** @template T @param {readonly T[]} list @param {number} n @returns {T} */
const pick = (list, n) => /** @type {T} */ (list[n % list.length]);

/** Peers to which something is sent: their keys are real ones, which take time to make. */
const REAL_KEYS = 20;

/** @param {number} n */
const keyOf = (n) =>
  n < REAL_KEYS
    ? actor(`peer ${n}`).pubkey
    : /** @type {Pubkey} */ ((n + 1).toString(16).padStart(8, '0').repeat(8));

/** A peer as the daemon stores it. @param {number} n @param {Partial<PeerRecord>} [over] @returns {PeerRecord} */
export const peerRecord = (n, over = {}) => ({
  pubkey: keyOf(n),
  name: `${pick(names, n)}${n < names.length ? '' : ` ${n}`}`,
  about: n % 3 === 0 ? `Helps with ${pick(jobs, n)}.` : null,
  version: '0.3.0',
  features: ['messaging', 'nip17', 'receipts'],
  capabilities: n % 3 === 0 ? [pick(jobs, n).replace(' ', '-')] : [],
  trust: n % 17 === 0 ? 'contact' : n % 97 === 5 ? 'blocked' : 'stranger',
  alias: n % 51 === 0 ? `${pick(names, n)} from work` : null,
  note: null,
  firstSeenMs: Date.now() - 60_000 * MINUTE_MS,
  lastSeenMs: Date.now() - (n % 5 < 3 ? n % 10 : 20 + (n % 4000)) * MINUTE_MS,
  onlineUntilMs: 0,
  offlineSinceMs: null,
  presenceAtSec: Math.floor(Date.now() / 1000) - 300,
  hello: 'published',
  theirHelloAtMs: Date.now(),
  answeredAtMs: null,
  ...over,
});

/** A message as the daemon stores it. @param {number} n @param {Pubkey} peer @param {Partial<NewMessage>} [over] @returns {NewMessage} */
export const messageRecord = (n, peer, over = {}) => ({
  id: `${n}`.padStart(32, '0'),
  eventId: `${n}`.padStart(64, 'e'),
  peer,
  direction: n % 2 ? 'in' : 'out',
  type: 'text',
  content: pick(texts, n),
  data: null,
  replyTo: null,
  thread: null,
  timestampMs: Date.now() - (5_000 - n) * MINUTE_MS,
  arrivedAtMs: Date.now() - (5_000 - n) * MINUTE_MS,
  read: n % 10 !== 1,
  state: n % 2 ? 'received' : pick(states, n >> 1),
  deliveredAtMs: null,
  readAtMs: null,
  receiptDue: 'none',
  seq: null,
  auto: false,
  hops: 0,
  ...over,
});

/** Peers and messages of a busy mesh, always the same. @returns {Seed} */
export function busySeed(peerCount = 2_000, messageCount = 5_000) {
  const random = createSeededRandom(7);
  const peers = Array.from({ length: peerCount }, (_, n) => peerRecord(n));
  const writers = peers.filter(({ trust }) => trust !== 'blocked').slice(0, 120);
  // The first ones write most.
  const writer = () => pick(writers, Math.floor(random.unit() ** 2 * writers.length)).pubkey;
  return { peers, messages: Array.from({ length: messageCount }, (_, n) => messageRecord(n, writer())) };
}

/** @param {string} path @param {Seed} seed */
export async function seedHome(path, { peers, messages = [], held = [] }) {
  const home = homeFiles(path);
  const store = await openStore({
    path: home.database,
    key: readKeystore(home),
    files: realFiles,
    compact: compactInWorker,
    clock: createSystemClock(),
    log: silent,
    onFailStop(error) {
      throw error;
    },
  });
  await store.transaction((tables) => {
    for (const peer of peers) tables.peers.put(peer);
    for (const message of held) tables.held.put(message);
  });
  for (let from = 0; from < messages.length; from += BATCH)
    await store.transaction((tables) => {
      for (const message of messages.slice(from, from + BATCH)) tables.messages.insert(message);
    });
  await store.close();
}
