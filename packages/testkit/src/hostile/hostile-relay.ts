import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '@ocmesh/shared/ambient';
import { type NostrEvent, parseArray } from '@ocmesh/shared/wire';
import { WebSocket, WebSocketServer } from 'ws';
import { createRealClock } from '../real-clock.ts';
import { createSeededRandom } from '../seeded-random.ts';
import {
  type Client,
  defaultTuning,
  type Frame,
  type Overrides,
  type RelayContext,
  type Tuning,
} from './behaviour.ts';
import { createHonestRelay } from './honest-relay.ts';
import { type HostileRelayName, hostileRelays } from './hostile-relays.ts';
import { createStoredEvents } from './stored-events.ts';
import { createStrangers } from './strangers.ts';

export interface HostileRelayOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Default: the real clock. */
  readonly clock?: Clock;
  readonly seed?: number;
  readonly tuning?: Partial<Tuning>;
}

export interface HostileRelay {
  readonly name: HostileRelayName;
  readonly url: string;
  readonly port: number;
  /** Returns how often it did what its name says. */
  misdeeds(): number;
  /** Returns the number of connections so far. */
  connections(): number;
  /** Returns the number of open subscriptions. */
  subscriptions(): number;
  /** Returns the last frames of this type that clients sent. */
  received(type: string): readonly Frame[];
  /** Returns the events that it stored. */
  stored(): readonly NostrEvent[];
  /** Loses all stored events, as a relay in memory does when it restarts. */
  forget(): void;
  /** Makes it honest from now on, or hostile again. It starts hostile. Connections are not closed. */
  behave(isHonest: boolean): void;
  /** Cuts all connections without a close frame, and keeps running. */
  cut(): void;
  close(): Promise<void>;
}

const MAX_RECEIVED = 10_000;

/** Starts a relay on loopback that is honest except for the one thing that its name says. */
export async function startHostileRelay(
  name: HostileRelayName,
  options: HostileRelayOptions = {},
): Promise<HostileRelay> {
  const { clock = createRealClock(), seed = 1 } = options;
  const random = createSeededRandom(seed);
  const sockets = new Set<Duplex>();
  const clients = new Set<Client>();
  const received: Frame[] = [];
  let connections = 0;
  let misdeeds = 0;

  const http = createServer((request, response) => onRequest(request, response));
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = http.address() as AddressInfo;
  const relay: RelayContext = {
    port,
    clock,
    random,
    tuning: { ...defaultTuning, ...options.tuning },
    events: createStoredEvents(),
    strangers: createStrangers({ clock, random }),
    answer: (frame, client) => honest.onFrame(frame, client),
    countMisdeed() {
      misdeeds++;
    },
  };
  const hostile = hostileRelays[name](relay);
  let overrides: Overrides = hostile;
  const honest = createHonestRelay({ name, events: relay.events, clients, overrides: () => overrides });
  const onRequest: RequestListener = (request, response) =>
    (overrides.onRequest ?? honest.onRequest)(request, response);
  const webSockets = new WebSocketServer({
    noServer: true,
    autoPong: !hostile.onPing,
    // Without a shared window, frames that a behaviour compresses do not break the others.
    perMessageDeflate: hostile.deflates ? { serverNoContextTakeover: true } : false,
  });
  webSockets.on('headers', (headers, request) =>
    headers.push(...(overrides.upgradeHeaders?.(request) ?? [])),
  );

  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  http.on('upgrade', (request, raw, head) => {
    connections++;
    if (overrides.onUpgrade?.(request, raw)) {
      // Reads, to notice when the client closes.
      raw.on('end', () => raw.destroy()).resume();
      return;
    }
    webSockets.handleUpgrade(request, raw, head, (socket) => onConnection(socket, raw));
  });

  function onConnection(socket: WebSocket, raw: Duplex): void {
    const write = (text: string): void => {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (overrides.write) overrides.write(text, client);
      else socket.send(text);
    };
    const client: Client = {
      raw,
      openedAtMs: clock.monotonic(),
      subscriptions: new Map(),
      state: new Map(),
      respond(...frame) {
        for (const one of overrides.onSend?.(frame, client) ?? [frame]) client.send(one);
      },
      send: (frame) => write(typeof frame === 'string' ? frame : JSON.stringify(frame)),
      isOpen: () => socket.readyState === WebSocket.OPEN,
    };
    clients.add(client);
    // Clients may break the protocol; without a listener that would end the process.
    socket.on('error', () => {});
    socket.on('close', () => clients.delete(client));
    socket.on('ping', (payload) => overrides.onPing?.(payload, client));
    socket.on('message', (data) => {
      const frame = parseArray(String(data)) as Frame | null;
      if (!frame) return;
      received.push(frame);
      if (received.length > MAX_RECEIVED) received.shift();
      if (!overrides.onFrame?.(frame, client)) honest.onFrame(frame, client);
    });
    overrides.onOpen?.(client);
  }

  function cut(): void {
    for (const socket of sockets) socket.destroy();
  }

  return {
    name,
    url: `ws://127.0.0.1:${port}`,
    port,
    misdeeds: () => misdeeds,
    connections: () => connections,
    subscriptions: () => [...clients].reduce((sum, client) => sum + client.subscriptions.size, 0),
    received: (type) => received.filter((frame) => frame[0] === type),
    stored: () => relay.events.all(),
    forget: () => relay.events.clear(),
    behave(isHonest) {
      overrides = isHonest ? {} : hostile;
    },
    cut,
    close: () =>
      new Promise((resolve) => {
        cut();
        http.close(() => resolve());
      }),
  };
}
