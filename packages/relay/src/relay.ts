import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, every, type Log, type Random } from '@ocmesh/shared/ambient';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { type WebSocket, WebSocketServer } from 'ws';
import { relayHosts } from './auth.ts';
import { type Connection, createConnection } from './connection.ts';
import { createEventService, type DeskCounts } from './event-service.ts';
import { createInfoHandler } from './info.ts';
import { type RelayLimits, relayLimits } from './limits.ts';
import { createMembers } from './members.ts';
import { hostOf, inUrl } from './network-address.ts';
import { createVisitors, type Visit } from './rate.ts';

export interface RelayOptions {
  /** Address to bind. Default `127.0.0.1`: nobody else on the network reaches it. */
  readonly host?: string;
  /** 0 takes any free port. Default 0. */
  readonly port?: number;
  /** Shows direct messages to everybody, for clients that cannot authenticate. Default false. */
  readonly openDms?: boolean;
  /** A private mesh: only these keys write and read. */
  readonly allowedPubkeys?: readonly string[];
  /** The `ws:` or `wss:` URL by which clients know the relay. Needed for a safe AUTH once it is not on loopback. */
  readonly serviceUrl?: string;
  readonly name?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits?: Partial<RelayLimits>;
}

export interface RelayStats extends DeskCounts {
  readonly connections: number;
  readonly subscriptions: number;
}

export interface Relay {
  /** Where a client on this machine reaches it. */
  readonly url: string;
  readonly port: number;
  stats(): RelayStats;
  /** Hangs up on everybody, as a broken network does; the relay goes on. */
  dropConnections(): void;
  /** Hangs up and frees the port. What was stored is gone. */
  close(): Promise<void>;
}

/** Starts a relay. Rejects when the port is taken or an option is wrong. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { host = '127.0.0.1', port = 0, openDms = false, serviceUrl, name = 'ocmesh relay' } = options;
  const { clock, random, log } = options;
  if (serviceUrl !== undefined && hostOf(serviceUrl) === null) {
    throw new TypeError('serviceUrl takes a ws:// or wss:// URL');
  }
  const limits: RelayLimits = { ...relayLimits, ...options.limits };
  const members = createMembers(options.allowedPubkeys);

  const connections = new Set<Connection>();
  const visitors = createVisitors(clock, limits);
  const desk = createEventService({ clock, limits, members, openDms });
  const http = createServer(createInfoHandler({ name, limits, openDms, membersOnly: !members.isOpen }));
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameBytes,
    perMessageDeflate: false,
    // A turn of the event loop for each frame: a burst of signatures must not starve the other clients.
    allowSynchronousEvents: false,
  });
  let closing: Promise<void> | null = null;

  http.on('upgrade', (request, socket, head) => {
    // Until ws takes over nobody else listens.
    socket.on('error', () => socket.destroy());
    const visit = closing ? null : visitors.arrive(request.socket.remoteAddress ?? 'unknown');
    if (!visit) {
      socket.end('HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\n\r\n');
      return;
    }
    let isUpgraded = false;
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      isUpgraded = true;
      connect(webSocket, request, visit);
    });
    // ws decides at once; what it refused holds no place.
    if (!isUpgraded) visit.leave();
  });

  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, resolve);
  });
  http.on('error', (error) => log.error('relay server failed', { error: error.message }));
  const boundPort = (http.address() as AddressInfo).port;
  const timers = [
    every(clock, limits.pingMs, probe),
    every(clock, limits.sweepMs, () => {
      desk.sweep();
      visitors.sweep();
    }),
  ];
  const url = `ws://${inUrl(reachable(host))}:${boundPort}`;
  log.info('relay started', { url });

  function connect(socket: WebSocket, request: IncomingMessage, visit: Visit): void {
    const hosts = relayHosts({
      serviceUrl,
      boundTo: host,
      port: boundPort,
      hostHeader: request.headers.host,
    });
    const connection = createConnection({ socket, visit, hosts, desk, limits, clock, random, log, announce });
    connections.add(connection);
    socket.on('close', () => connections.delete(connection));
  }

  function announce(event: NostrEvent): void {
    for (const connection of connections) connection.deliver(event);
  }

  function probe(): void {
    for (const connection of connections) connection.probe();
  }

  function dropConnections(): void {
    for (const connection of connections) connection.drop();
  }

  function close(): Promise<void> {
    closing ??= new Promise((resolve) => {
      for (const cancel of timers) cancel();
      for (const connection of connections) connection.close();
      webSockets.close();
      http.close(() => {
        log.info('relay stopped', { url });
        resolve();
      });
      // Requests under way and kept-alive connections would hold the port for as long as they like.
      http.closeAllConnections();
    });
    return closing;
  }

  return {
    url,
    port: boundPort,
    stats: () => ({
      ...desk.counts(),
      connections: connections.size,
      subscriptions: [...connections].reduce((sum, connection) => sum + connection.subscriptionCount(), 0),
    }),
    dropConnections,
    close,
  };
}

/** "Any address" is for binding; a client needs one that it can connect to. */
const reachable = (host: string): string => (host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host);
