import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, every, type Log, type Random } from '@ocmesh/shared/ambient';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { type WebSocket, WebSocketServer } from 'ws';
import { relayHosts } from './auth.ts';
import { type Connection, createConnection } from './connection.ts';
import { createEventService, type DataFolder, type EventCounts } from './event-service.ts';
import { createInfoHandler } from './info.ts';
import { type RelayLimits, relayLimits } from './limits.ts';
import { createMembers } from './members.ts';
import { hostOf, inUrl } from './network-address.ts';
import { createAddressQuotas, type Quota } from './rate.ts';

export interface RelayOptions {
  /** Address to bind. Default `127.0.0.1`, which other machines cannot reach. */
  readonly host?: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Shows direct messages to all clients, for those that cannot authenticate. Default false. */
  readonly openDms?: boolean;
  /** Makes the mesh private: only these keys may write and read. */
  readonly allowedPubkeys?: readonly string[];
  /** `ws:` or `wss:` URL that clients use. Needed for a safe AUTH unless the relay is on loopback. */
  readonly serviceUrl?: string;
  /** Keeps events over restarts. Without it they are in memory only. */
  readonly data?: DataFolder;
  readonly name?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits?: Partial<RelayLimits>;
}

export interface RelayStats extends EventCounts {
  readonly connections: number;
  readonly subscriptions: number;
}

export interface Relay {
  /** URL for clients on this machine. */
  readonly url: string;
  readonly port: number;
  stats(): RelayStats;
  /** Disconnects all clients, as a broken network does, and keeps running. */
  dropConnections(): void;
  /** Disconnects all clients and frees the port. Stored events are lost without a data folder. */
  close(): Promise<void>;
}

/** Starts a relay. Rejects if the port is taken, the data folder cannot be used, or an option is wrong. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { host = '127.0.0.1', port = 0, openDms = false, serviceUrl, name = 'ocmesh relay' } = options;
  const { clock, random, log } = options;
  if (serviceUrl !== undefined && hostOf(serviceUrl) === null) {
    throw new TypeError('serviceUrl takes a ws:// or wss:// URL');
  }
  const limits: RelayLimits = { ...relayLimits, ...options.limits };
  const members = createMembers(options.allowedPubkeys);

  const connections = new Set<Connection>();
  const quotas = createAddressQuotas(clock, limits);
  const data = options.data ?? null;
  const events = await createEventService({ clock, limits, members, openDms, log, data });
  const http = createServer(
    createInfoHandler({ name, limits, openDms, membersOnly: !members.isOpen, keepsEvents: data !== null }),
  );
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameBytes,
    perMessageDeflate: false,
    // One turn of the event loop per frame: a burst of signatures must not starve other clients.
    allowSynchronousEvents: false,
  });
  let closing: Promise<void> | null = null;

  http.on('upgrade', (request, socket, head) => {
    // ws adds a listener only later.
    socket.on('error', () => socket.destroy());
    const quota = closing ? null : quotas.take(request.socket.remoteAddress ?? 'unknown');
    if (!quota) {
      socket.end('HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\n\r\n');
      return;
    }
    let isUpgraded = false;
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      isUpgraded = true;
      connect(webSocket, request, quota);
    });
    // ws decides synchronously; a refused upgrade is no connection.
    if (!isUpgraded) quota.release();
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
      events.sweep();
      quotas.sweep();
    }),
  ];
  const url = `ws://${inUrl(reachable(host))}:${boundPort}`;
  log.info('relay started', { url });

  function connect(socket: WebSocket, request: IncomingMessage, quota: Quota): void {
    const hosts = relayHosts({
      serviceUrl,
      boundTo: host,
      port: boundPort,
      hostHeader: request.headers.host,
    });
    const connection = createConnection({
      socket,
      quota,
      hosts,
      events,
      limits,
      clock,
      random,
      log,
      broadcast,
    });
    connections.add(connection);
    socket.on('close', () => connections.delete(connection));
  }

  function broadcast(event: NostrEvent): void {
    for (const connection of connections) connection.deliver(event);
  }

  function probe(): void {
    for (const connection of connections) connection.probe();
  }

  function dropConnections(): void {
    for (const connection of connections) connection.drop();
  }

  function close(): Promise<void> {
    closing ??= new Promise<void>((resolve) => {
      for (const cancel of timers) cancel();
      for (const connection of connections) connection.close();
      webSockets.close();
      http.close(() => {
        log.info('relay stopped', { url });
        resolve();
      });
      // Running requests and kept-alive connections would keep the port open.
      http.closeAllConnections();
    }).then(events.close);
    return closing;
  }

  return {
    url,
    port: boundPort,
    stats: () => ({
      ...events.counts(),
      connections: connections.size,
      subscriptions: [...connections].reduce((sum, connection) => sum + connection.subscriptionCount(), 0),
    }),
    dropConnections,
    close,
  };
}

/** Returns an address to connect to: "any address" is only for binding. */
const reachable = (host: string): string => (host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host);
