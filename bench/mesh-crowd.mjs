// A mesh of any size, as the relays of one agent show it: presences are signed only when a relay sends them.
import { matchesFilter, ourFeatures, pongPayload, presenceEvent, tagValue } from '@ocmesh/shared/wire';
import { createWasmEngine } from '../packages/daemon/dist/adapters/crypto/wasm-engine.js';
import { createSystemRandom } from '../packages/daemon/dist/adapters/system/random.js';
import { createIdentity } from '../packages/daemon/dist/core/identity/identity.js';
import { announceIntervalMs, announceRelays } from '../packages/daemon/dist/core/mesh/announce-plan.js';

const engine = createWasmEngine();
const BASE_MS = 300_000;
/** Events that relays send for one filter. */
const MOST_ROWS = 500;
export const urls = Array.from({ length: 5 }, (_, n) => `wss://relay-${n}.test`);

/** @param {number} n */
const secretKeyOf = (n) => Buffer.from(`${n + 1}`.padStart(64, '0'), 'hex');
/** Spreads numbers evenly over 0 to 1. @param {number} n */
const spread = (n) => (n * 0.618033988749895) % 1;

let signingMs = 0;
/** Returns the milliseconds that signing took, which are not our agent's. */
export const signingTime = () => signingMs;

/** @param {number} n @param {number} createdAtSec @param {number} everySec @param {any} more */
export function presenceOf(n, createdAtSec, everySec, more = {}) {
  const began = performance.now();
  const key = secretKeyOf(n);
  const event = engine.sign(
    presenceEvent({
      kind: 31337,
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
  signingMs += performance.now() - began;
  return event;
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
    newest(relay, { since = 0, until = Infinity, limit = MOST_ROWS }) {
      const all = /** @type {any[]} */ (members[relay]);
      const phase = nowSec() % everySec;
      let from = all.findIndex(({ at }) => at > phase);
      if (from === -1) from = all.length;
      const found = [];
      for (let step = 1; step <= all.length && found.length < Math.min(limit, MOST_ROWS); step++) {
        const { n, at } = all[(from - step + 2 * all.length) % all.length];
        const createdAtSec = newestSec(at);
        if (createdAtSec < since) break;
        if (createdAtSec <= until) found.push(event(n, createdAtSec));
      }
      return found;
    },
    /** Presences that a relay got after `fromSec`. @param {number} relay @param {number} fromSec @param {any[]} filters */
    since(relay, fromSec, filters) {
      return this.newest(relay, { since: fromSec + 1, limit: MOST_ROWS }).filter((one) =>
        filters.some((filter) => matchesFilter(filter, one)),
      );
    },
  };
}

/**
 * Contacts, each on for an hour and off for an hour. Every other time they end without a word, as by a power cut.
 * @param {number} count @param {any} crowd @param {any} clock
 */
export function createContacts(count, crowd, clock) {
  const SESSION_SEC = 3_600;
  const nowSec = () => Math.floor(clock.now() / 1000);
  const random = createSystemRandom();
  const contacts = Array.from({ length: count }, (_, i) => {
    const n = 10_000_000 + i;
    const identity = createIdentity({ engine, random, clock }, secretKeyOf(n));
    return {
      n,
      identity,
      pubkey: keyOf(n),
      isOn: false,
      newest: /** @type {any} */ (null),
      dueSec: 0,
      changedSec: 0,
    };
  });
  return {
    contacts,
    /** Lets them act. Returns what they publish. */
    live() {
      const published = [];
      for (const [i, contact] of contacts.entries()) {
        const session = Math.floor((nowSec() + i * 397) / SESSION_SEC);
        const isOn = session % 2 === 0;
        if (isOn !== contact.isOn) {
          contact.changedSec = nowSec();
          if (isOn) contact.dueSec = nowSec();
          else if (Math.floor(session / 2) % 2 === 0) {
            contact.newest = presenceOf(contact.n, contact.newest.created_at + 1, crowd.everySec, {
              status: 'offline',
            });
            published.push(contact.newest);
          }
          contact.isOn = isOn;
        }
        if (!isOn || nowSec() < contact.dueSec) continue;
        contact.newest = presenceOf(contact.n, nowSec(), crowd.everySec);
        contact.dueSec = nowSec() + crowd.everySec;
        published.push(contact.newest);
      }
      return published;
    },
    /** Returns the pong for an event of ours; null if it is no ping, or its receiver is off. @param {any} event */
    pongFor(event) {
      const contact = contacts.find(({ pubkey }) => pubkey === tagValue(event, 'p'));
      if (event.kind !== 21059 || !contact?.isOn) return null;
      const began = performance.now();
      const ping = contact.identity.openDm(event);
      const wrap = { nowSec: nowSec(), backDatedSec: 0, isEphemeral: true };
      const text = pongPayload(clock.now());
      const pong = contact.identity.sealDm(ping.author, text, nowSec(), 'nip17', { replyTo: ping.id, wrap });
      signingMs += performance.now() - began;
      return pong.event;
    },
  };
}
