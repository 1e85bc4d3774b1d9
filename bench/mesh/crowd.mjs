// A mesh of any size, as the relays of one agent show it: presences are signed only when a relay sends them.
import { ourFeatures, presenceEvent } from '@ocmesh/shared/wire';
import { createWasmEngine } from '../../packages/daemon/dist/adapters/crypto/wasm-engine.js';
import { announceIntervalMs, announceRelays } from '../../packages/daemon/dist/core/mesh/announce-plan.js';

export const engine = createWasmEngine();
export const PRESENCE_KIND = 31337;
const BASE_MS = 300_000;
/** Relays of each agent, by which it chooses where to announce itself. */
export const urls = Array.from({ length: 5 }, (_, n) => `wss://relay-${n}.test`);

/** @param {number} n */
export const secretKeyOf = (n) => Buffer.from(`${n + 1}`.padStart(64, '0'), 'hex');
/** Spreads numbers evenly over 0 to 1. @param {number} n */
const spread = (n) => (n * 0.618033988749895) % 1;

/** @param {number} n @param {number} createdAtSec @param {number} everySec @param {any} more */
export function presenceOf(n, createdAtSec, everySec, more = {}) {
  const key = secretKeyOf(n);
  return engine.sign(
    presenceEvent({
      kind: PRESENCE_KIND,
      createdAtSec,
      lifetimeSec: 3 * everySec,
      version: '0.4.0',
      name: `agent ${n}`,
      features: [...ourFeatures],
      profile: { about: 'Knows the weather in Portugal.', capabilities: ['weather-forecast'] },
      handle: keyOf(n),
      status: 'online',
      instance: '5b1f03c2d4e6a798',
      ...more,
    }),
    key,
  );
}

/** @type {Map<number, any>} */
const keys = new Map();
/** @param {number} n @returns {any} */
export function keyOf(n) {
  const known = keys.get(n) ?? engine.publicKey(secretKeyOf(n));
  keys.set(n, known);
  return known;
}

/** How agents announce themselves in a mesh of this size. @param {number} count */
export function rulesFor(count) {
  const copies = announceRelays(keyOf(0), urls, count).length;
  const onRelay = (count * copies) / urls.length;
  const everySec = announceIntervalMs(onRelay, BASE_MS) / 1000;
  return { copies, everySec, perSecond: onRelay / everySec };
}

/**
 * Agents that announce themselves as ours does in a mesh of this size, forever.
 * @param {number} count @param {() => number} nowSec
 */
export function createCrowd(count, nowSec) {
  const { copies, everySec, perSecond } = rulesFor(count);
  /** Numbers of the agents on a relay, by their moment within the interval. */
  const members = urls.map((_, relay) =>
    Array.from({ length: count }, (_, n) => n)
      .filter((n) => (relay - (n % urls.length) + urls.length) % urls.length < copies)
      .map((n) => ({ n, at: Math.floor(spread(n) * everySec) }))
      .sort((a, b) => a.at - b.at),
  );
  const more = copies < urls.length ? { copies: [copies, urls.length] } : {};
  /** @type {Map<string, any>} */
  let signed = new Map();
  /** @param {number} n @param {number} createdAtSec */
  function event(n, createdAtSec) {
    const name = `${n} ${createdAtSec}`;
    const known = signed.get(name) ?? presenceOf(n, createdAtSec, everySec, more);
    if (signed.size > 20_000) signed = new Map();
    signed.set(name, known);
    return known;
  }
  /** When this agent announced itself last. @param {number} at */
  const newestSec = (at) => at + Math.floor((nowSec() - at) / everySec) * everySec;

  return {
    everySec,
    copies,
    perSecond,
    /** The newest presences of a relay. @param {number} relay @param {any} filter */
    newest(relay, { sinceSec = 0, untilSec = Infinity, limit = Infinity }) {
      const all = /** @type {any[]} */ (members[relay]);
      const phase = nowSec() % everySec;
      let from = all.findIndex(({ at }) => at > phase);
      if (from === -1) from = all.length;
      const found = [];
      for (let step = 1; step <= all.length && found.length < limit; step++) {
        const { n, at } = all[(from - step + 2 * all.length) % all.length];
        const createdAtSec = newestSec(at);
        if (createdAtSec < sinceSec) break;
        if (createdAtSec <= untilSec) found.push(event(n, createdAtSec));
      }
      return found;
    },
    /** How many agents announced themselves on a relay since then. @param {number} relay @param {number} sinceSec */
    countSince: (relay, sinceSec) =>
      /** @type {any[]} */ (members[relay]).filter(({ at }) => newestSec(at) >= sinceSec).length,
  };
}
