// Two users of nostr-tools' SimplePool, with all its options enabled, exchange messages through the given relays. It has its
// own process because it may crash. Prints the result so far after each step; the last line counts.
import { decrypt, encrypt } from 'nostr-tools/nip04';
import { SimplePool, useWebSocketImplementation } from 'nostr-tools/pool';
import { finalizeEvent, generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { WebSocket } from 'ws';

const MESSAGES = 20;
const PAUSE_MS = 200;
/** Time for the EOSE, for the OK of a published event, and for the last message. */
const TIMEOUT_MS = 8_000;
const urls = process.argv.slice(2);
const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
const within = (/** @type {Promise<unknown>} */ promise) =>
  Promise.race([promise.then(() => true), sleep(TIMEOUT_MS).then(() => false)]);

const result = { sent: 0, received: 0, twice: 0, strange: 0, eose: false, unsettled: 0, peakMb: 0 };
const report = () => process.stdout.write(`${JSON.stringify(result)}\n`);
setInterval(() => {
  result.peakMb = Math.max(result.peakMb, process.memoryUsage().rss / 1024 / 1024);
}, 50);

// SimplePool prints every notice, and a stack for each frame it cannot parse.
Object.assign(console, { log() {}, debug() {}, warn() {} });
useWebSocketImplementation(WebSocket);
/** @param {Uint8Array} secretKey */
function openPool(secretKey) {
  const pool = new SimplePool({ enablePing: true, enableReconnect: true });
  pool.automaticallyAuth = () => async (template) => finalizeEvent(template, secretKey);
  return pool;
}

const alice = generateSecretKey();
const bob = generateSecretKey();
const pubkeys = { alice: getPublicKey(alice), bob: getPublicKey(bob) };
/** @type {Map<string, number>} */
const arrived = new Map();
const receiving = openPool(bob);
const eose = new Promise((resolve) => {
  receiving.subscribeMany(urls, /** @type {any} */ ({ kinds: [4], '#p': [pubkeys.bob] }), {
    oneose: () => resolve(undefined),
    onevent(event) {
      const text = event.pubkey === pubkeys.alice ? open(event.content) : null;
      if (text === null) result.strange++;
      else arrived.set(text, (arrived.get(text) ?? 0) + 1);
      result.received = arrived.size;
      result.twice = [...arrived.values()].filter((count) => count > 1).length;
    },
  });
});

/** @param {string} content */
function open(content) {
  try {
    const text = decrypt(bob, pubkeys.alice, content);
    return /^message \d+$/.test(text) ? text : null;
  } catch {
    return null;
  }
}

result.eose = await within(eose);
report();
const sending = openPool(alice);
const responses = [];
for (let n = 0; n < MESSAGES; n++) {
  const event = finalizeEvent(
    {
      kind: 4,
      created_at: Math.floor(Date.now() / 1000),
      tags: [['p', pubkeys.bob]],
      content: encrypt(alice, pubkeys.bob, `message ${n}`),
    },
    alice,
  );
  result.sent++;
  // A rejection is an OK, too.
  responses.push(...sending.publish(urls, event).map((response) => within(response.catch(() => {}))));
  report();
  await sleep(PAUSE_MS);
}
result.unsettled = (await Promise.all(responses)).filter((isSettled) => !isSettled).length;
const deadline = performance.now() + TIMEOUT_MS;
while (result.received < MESSAGES && performance.now() < deadline) await sleep(50);
report();
process.exit(0);
