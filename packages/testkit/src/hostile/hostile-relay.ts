import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '@ocmesh/shared/ambient';
import { type NostrEvent, parseArray } from '@ocmesh/shared/wire';
import { WebSocket, WebSocketServer } from 'ws';
import { createRealClock } from '../real-clock.ts';
import { createSeededRandom } from '../seeded-random.ts';
import { type Client, defaultTuning, type Frame, type RelayHands, type Tuning } from './conduct.ts';
import { createEventBook } from './event-book.ts';
import { createHonesty } from './honesty.ts';
import { type HostileRelayName, hostileRelays } from './hostile-relays.ts';
import { createStrangers } from './strangers.ts';

export interface HostileRelayOptions {
  /** 0 takes any free port. Default 0. */
  readonly port?: number;
  /** The time it goes by. Default the real one. */
  readonly clock?: Clock;
  readonly seed?: number;
  readonly tuning?: Partial<Tuning>;
}

export interface HostileRelay {
  readonly name: HostileRelayName;
  readonly url: string;
  readonly port: number;
  /** How often it did what its name says. */
  misdeeds(): number;
  /** Connections that there ever were. */
  connections(): number;
  /** Subscriptions that are open now. */
  subscriptions(): number;
  /** The last frames of this type that clients sent. */
  received(type: string): readonly Frame[];
  /** What it kept. */
  stored(): readonly NostrEvent[];
  /** Cuts every connection without a word; it goes on. */
  cut(): void;
  close(): Promise<void>;
}

const MOST_RECEIVED = 10_000;

/** Starts a relay on loopback that is honest but for the one thing that its name says. */
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
  const relay: RelayHands = {
    port,
    clock,
    random,
    tuning: { ...defaultTuning, ...options.tuning },
    book: createEventBook(),
    strangers: createStrangers({ clock, random }),
    misbehave() {
      misdeeds++;
    },
  };
  const conduct = hostileRelays[name](relay);
  const honesty = createHonesty({ name, book: relay.book, clients });
  const onRequest = conduct.onRequest ?? honesty.onRequest;
  const webSockets = new WebSocketServer({
    noServer: true,
    autoPong: !conduct.onPing,
    // Without a shared window what a behaviour compresses by itself does not disturb the rest.
    perMessageDeflate: conduct.deflates ? { serverNoContextTakeover: true } : false,
  });
  webSockets.on('headers', (headers, request) => headers.push(...(conduct.upgradeHeaders?.(request) ?? [])));

  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  http.on('upgrade', (request, raw, head) => {
    connections++;
    if (conduct.onUpgrade?.(request, raw)) {
      // Reads, so that it hears the client leave.
      raw.on('end', () => raw.destroy()).resume();
      return;
    }
    webSockets.handleUpgrade(request, raw, head, (socket) => welcome(socket, raw));
  });

  function welcome(socket: WebSocket, raw: Duplex): void {
    const write = (text: string): void => {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (conduct.write) conduct.write(text, client);
      else socket.send(text);
    };
    const client: Client = {
      raw,
      openedAtMs: clock.monotonic(),
      subscriptions: new Map(),
      notes: new Map(),
      say(...frame) {
        for (const one of conduct.onSend?.(frame, client) ?? [frame]) client.send(one);
      },
      send: (frame) => write(typeof frame === 'string' ? frame : JSON.stringify(frame)),
      isOpen: () => socket.readyState === WebSocket.OPEN,
    };
    clients.add(client);
    // A client that breaks the protocol is none of our business, but without a listener it ends the process.
    socket.on('error', () => {});
    socket.on('close', () => clients.delete(client));
    socket.on('ping', (payload) => conduct.onPing?.(payload, client));
    socket.on('message', (data) => {
      const frame = parseArray(String(data)) as Frame | null;
      if (!frame) return;
      received.push(frame);
      if (received.length > MOST_RECEIVED) received.shift();
      if (!conduct.onFrame?.(frame, client)) honesty.onFrame(frame, client);
    });
    conduct.onOpen?.(client);
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
    stored: () => relay.book.all(),
    cut,
    close: () =>
      new Promise((resolve) => {
        cut();
        http.close(() => resolve());
      }),
  };
}
