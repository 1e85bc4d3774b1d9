// The relays of a mesh of any size: embedded relays on real sockets. What strangers announce is not stored on them, but signed when
// a relay sends it.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { createConnection } from '../../packages/relay/dist/connection.js';
import { createEventService } from '../../packages/relay/dist/event-service.js';
import { matches } from '../../packages/relay/dist/filter.js';
import { createInfoHandler } from '../../packages/relay/dist/info.js';
import { relayLimits as limits } from '../../packages/relay/dist/limits.js';
import { createMembers } from '../../packages/relay/dist/members.js';
import { PRESENCE_KIND } from './crowd.mjs';

const log = { debug() {}, info() {}, warn: console.warn, error: console.error };
const unlimited = { mayWrite: () => true, release() {} };
/** Asks for presences of everybody. @param {any} filter */
const isForAll = ({ kinds, authors }) => new Set(kinds).has(PRESENCE_KIND) && !authors;
/** Bytes of the header of a WebSocket frame of this length, from a server. @param {number} bytes */
const headerBytes = (bytes) => (bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10);

/** Kind of the event and whether it came live; for other frames, their type. @param {string} frame */
function nameOf(frame) {
  const [type, id, event] = JSON.parse(frame);
  return type === 'EVENT' ? `${event.kind} ${/^q/.test(id) ? 'by a query' : 'live'}` : type;
}

/** What relays sent to the agent: bytes of everything, what of it are presences, and bytes by kind of frame. */
export const createTraffic = () => ({
  allBytes: 0,
  bytes: 0,
  events: 0,
  queries: 0,
  bytesOf: /** @type {Record<string, number>} */ ({}),
});

/**
 * @param {{ number: number, crowd: any, clock: any, random: any, traffic: ReturnType<typeof createTraffic>, onEvent: (event: any, publish: (event: any) => void) => void }} deps
 */
export async function startCrowdRelay({ number, crowd, clock, random, traffic, onEvent }) {
  const members = createMembers(undefined);
  // Everything on it was made by this bench.
  const isAuthentic = () => true;
  const stored = await createEventService({
    clock,
    limits,
    members,
    openDms: true,
    log,
    data: null,
    isAuthentic,
  });
  const nowSec = () => Math.floor(clock.now() / 1000);
  let deliveredSec = nowSec();
  /** @type {Set<any>} */
  const connections = new Set();

  const events = {
    ...stored,
    /** @type {typeof stored.publish} */
    publish(value, keys, done) {
      stored.publish(value, keys, (publication) => {
        done(publication);
        if (publication.toBroadcast) onEvent(publication.toBroadcast, publish);
      });
    },
    /** @type {typeof stored.query} */
    query(filters, keys) {
      traffic.queries++;
      const found = stored.query(filters, keys);
      const strangers = filters.filter(isForAll).flatMap((filter) => {
        const { limit } = filter;
        return crowd
          .newest(number, { ...filter, limit: limit + 1 })
          .filter((/** @type {any} */ event) => matches(filter, event));
      });
      if (strangers.length === 0) return found;
      const most = Math.max(...filters.map(({ limit }) => limit));
      const all = [...found.events, ...strangers].sort((one, other) => other.created_at - one.created_at);
      return { events: all.slice(0, most), hasMore: found.hasMore || all.length > most };
    },
    /** @type {typeof stored.count} */
    count(filters, keys) {
      const strangers = filters.filter(isForAll).map(({ sinceSec }) => crowd.countSince(number, sinceSec));
      return strangers.reduce((sum, one) => sum + one, stored.count(filters, keys));
    },
  };
  const broadcast = (/** @type {any} */ event) => {
    for (const { connection } of connections) connection.deliver(event);
  };

  /** Takes what a contact publishes. @param {any} event */
  function publish(event) {
    stored.publish(event, new Set(), ({ toBroadcast }) => toBroadcast && broadcast(toBroadcast));
  }

  const http = createServer(
    createInfoHandler({
      name: `relay ${number}`,
      limits,
      openDms: true,
      membersOnly: false,
      keepsEvents: true,
    }),
  );
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on('connection', (socket) => {
    const send = socket.send.bind(socket);
    socket.send = (/** @type {any} */ frame, /** @type {any[]} */ ...rest) => {
      const length = Buffer.byteLength(frame);
      const bytes = length + headerBytes(length);
      const name = nameOf(frame);
      traffic.allBytes += bytes;
      traffic.bytesOf[name] = (traffic.bytesOf[name] ?? 0) + bytes;
      if (name.startsWith(`${PRESENCE_KIND} `)) {
        traffic.bytes += bytes;
        traffic.events++;
      }
      send(frame, ...rest);
    };
    /** @type {Map<string, { filters: any[], sinceSec: number }>} */
    const open = new Map();
    socket.on('message', (data) => {
      const [type, id, ...filters] = JSON.parse(String(data));
      if (type === 'REQ') open.set(id, { filters, sinceSec: nowSec() });
      if (type === 'CLOSE') open.delete(id);
    });
    const connection = createConnection({
      socket,
      quota: unlimited,
      hosts: [],
      events,
      limits,
      clock,
      random,
      log,
      isAuthentic,
      broadcast,
    });
    /** Whether it has listened to all since then; a query is over sooner. @param {number} atSec */
    const listensSince = (atSec) =>
      [...open.values()].some(({ filters, sinceSec }) => sinceSec < atSec && filters.some(isForAll));
    const one = { connection, listensSince };
    connections.add(one);
    socket.on('close', () => connections.delete(one));
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (http.address());

  return {
    url: `ws://127.0.0.1:${port}`,
    publish,
    /** Sends what strangers announced since the last call to those who listen to all. */
    deliver() {
      const lastSec = deliveredSec;
      deliveredSec = nowSec();
      if (![...connections].some(({ listensSince }) => listensSince(lastSec))) return;
      for (const event of crowd.newest(number, { sinceSec: lastSec + 1 })) broadcast(event);
    },
    sweep: () => stored.sweep(),
    async close() {
      for (const { connection } of connections) connection.close();
      server.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
