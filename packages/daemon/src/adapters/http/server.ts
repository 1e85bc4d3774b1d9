import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, type Log, minuteMs, type Random, toHex } from '@ocmesh/shared/ambient';
import { type Handlers, limits, OcmeshError, type Streams } from '@ocmesh/shared/contract';
import Koa from 'koa';
import { type CallerOptions, createCallerCheck } from './authenticate.ts';
import { guard } from './browser-guard.ts';
import { createUnread } from './client-errors.ts';
import { toAnswer } from './errors.ts';
import { createEventStreams, type EventStreams } from './event-streams.ts';
import { httpLimits } from './limits.ts';
import { createRoutes } from './routes.ts';
import { securityHeaders } from './security-headers.ts';

const HOST = '127.0.0.1';
/** How often connections are looked at for being slow. */
const CHECK_MS = 1_000;

export interface HttpServer {
  readonly port: number;
  /** Takes no more requests, ends the streams; resolves when the running ones are answered. */
  close(): Promise<void>;
}

/**
 * The REST API on loopback.
 * @param port 0 for any
 * @throws the system's error, `EADDRINUSE` among others
 */
export async function listen(
  port: number,
  handlers: Handlers & Streams,
  deps: { readonly clock: Clock; readonly random: Random; readonly log: Log },
  callers: CallerOptions,
): Promise<HttpServer> {
  const streams = createEventStreams(deps);
  // Kept: each look at the socket's own address is a system call.
  let ownPort = port;
  const app = createApp(
    createRoutes(handlers, streams, createCallerCheck(callers, deps)),
    deps,
    () => ownPort,
  );
  const server = createServer(
    {
      maxHeaderSize: limits.http.headerBytes,
      headersTimeout: httpLimits.headersMs,
      requestTimeout: limits.http.requestMs,
      connectionsCheckingInterval: CHECK_MS,
      keepAliveTimeout: httpLimits.idleMs,
      // The guard says why.
      requireHostHeader: false,
    },
    app.callback(),
  );
  // Node would leave out those beyond its limit without a word, an Origin perhaps; the guard counts them.
  server.maxHeadersCount = 0;
  server.maxConnections = httpLimits.connections;
  server.on('drop', tellOfDropped(deps));
  const unread = createUnread(deps);
  server.prependListener('request', unread.onRequest);
  server.on('clientError', unread.onClientError);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
  ownPort = (server.address() as AddressInfo).port;
  return { port: ownPort, close: () => close(server, streams, deps.clock) };
}

function createApp(
  router: ReturnType<typeof createRoutes>,
  { clock, random, log }: { readonly clock: Clock; readonly random: Random; readonly log: Log },
  port: () => number,
): Koa {
  const app = new Koa();
  app.use(async (context, next) => {
    const requestId = toHex(random.bytes(8));
    context.set(securityHeaders);
    try {
      guard(context.req, port());
      await next();
      if (context.body === undefined && context.respond !== false)
        throw unrouted(context.method, context.path, router);
    } catch (error) {
      const answer = toAnswer(error, requestId, log, context.state['operation']);
      context.status = answer.status;
      if (answer.retryAfterSeconds !== undefined)
        context.set('Retry-After', String(answer.retryAfterSeconds));
      if (answer.status === 401) context.set('WWW-Authenticate', 'Bearer');
      // What is left of a refused body is not read: the connection ends with the answer.
      if (answer.status === 413) context.set('Connection', 'close');
      context.body = answer.body;
    }
    log.debug('request', {
      method: context.method,
      path: context.path,
      status: context.status,
      request_id: requestId,
    });
    if (context.respond !== false) cutSlowReader(context.res, clock);
  });
  app.use(router.routes());
  // Sockets that break mid-request are no news, and koa would print them.
  app.on('error', (error) => log.debug('connection broke', { reason: String(error) }));
  return app;
}

/** What waits for a reader waits in memory. */
function cutSlowReader(response: ServerResponse, clock: Clock): void {
  response.once(
    'close',
    clock.after(httpLimits.responseMs, () => response.destroy()),
  );
}

/** Once a minute: whoever opens connections in a loop shall not fill the log as well. */
function tellOfDropped({ clock, log }: { readonly clock: Clock; readonly log: Log }): () => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (clock.monotonic() - toldAt < minuteMs) return;
    toldAt = clock.monotonic();
    log.warn('the API has as many connections as it takes: new ones are closed', {
      connections: httpLimits.connections,
    });
  };
}

function unrouted(method: string, path: string, router: ReturnType<typeof createRoutes>): OcmeshError {
  const otherMethod = router.match(path, method).path.length > 0;
  return new OcmeshError(otherMethod ? 'method_not_allowed' : 'not_found');
}

function close(server: Server, streams: EventStreams, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(httpLimits.drainMs / 2, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
    streams.close();
  });
}
