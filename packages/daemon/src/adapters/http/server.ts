import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atMostEvery, type Clock, type Log, minuteMs, type Random, toHex } from '@ocmesh/shared/ambient';
import { type CoreHandlers, limits, OcmeshError, type Streams } from '@ocmesh/shared/contract';
import Koa from 'koa';
import { type CallerOptions, createAuthenticate } from './authenticate.ts';
import { browserGuard } from './browser-guard.ts';
import { createClientErrors } from './client-errors.ts';
import { toErrorResponse } from './errors.ts';
import { createEventStreams, type EventStreams } from './event-streams.ts';
import { securityHeaders } from './headers.ts';
import { httpLimits } from './limits.ts';
import type { PageFile } from './page/page-files.ts';
import { createServePages, type ServePages } from './page/pages.ts';
import { createFindSession, createSessionHandlers } from './page/session-routes.ts';
import { createPageSessions } from './page/sessions.ts';
import { createRoutes } from './routes.ts';

const HOST = '127.0.0.1';
/** How often Node looks for slow connections, also while there are none: each second would be half of our wake-ups. */
const CHECK_MS = 5_000;

export interface HttpServer {
  readonly port: number;
  /** Accepts no more requests and ends the streams. Resolves when running requests have their response. */
  close(): Promise<void>;
}

/**
 * Serves the REST API and the page on loopback.
 * @param port 0 for any
 * @param page the files of the page; none if there is no page
 * @throws the system's error, `EADDRINUSE` among others
 */
export async function listen(
  port: number,
  handlers: CoreHandlers & Streams,
  deps: { readonly clock: Clock; readonly random: Random; readonly log: Log },
  callers: CallerOptions,
  page: readonly PageFile[] = [],
): Promise<HttpServer> {
  const streams = createEventStreams(deps);
  // Remembered, because asking the socket for its address is a system call.
  let ownPort = port;
  const getPort = (): number => ownPort;
  const sessions = createPageSessions(deps);
  const authenticate = createAuthenticate(callers, {
    clock: deps.clock,
    log: deps.log,
    findSession: createFindSession(sessions, getPort),
  });
  const router = createRoutes(handlers, createSessionHandlers(sessions, getPort), streams, authenticate);
  const app = createApp(router, createServePages(page), deps, getPort);
  const server = createServer(
    {
      maxHeaderSize: limits.http.headerBytes,
      headersTimeout: httpLimits.headersMs,
      requestTimeout: limits.http.requestMs,
      connectionsCheckingInterval: CHECK_MS,
      keepAliveTimeout: httpLimits.idleMs,
      // The browser guard refuses them, with our error format.
      requireHostHeader: false,
    },
    app.callback(),
  );
  // Node would silently drop headers beyond its limit, perhaps an Origin; the browser guard counts them.
  server.maxHeadersCount = 0;
  server.maxConnections = httpLimits.connections;
  server.on('drop', logDroppedConnections(deps));
  const clientErrors = createClientErrors(deps);
  server.prependListener('request', clientErrors.onRequest);
  server.on('clientError', clientErrors.onClientError);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  }).catch((error) => {
    sessions.stop();
    throw error;
  });
  ownPort = (server.address() as AddressInfo).port;
  return {
    port: ownPort,
    close() {
      sessions.stop();
      return close(server, streams, deps.clock);
    },
  };
}

function createApp(
  router: ReturnType<typeof createRoutes>,
  servePages: ServePages,
  { clock, random, log }: { readonly clock: Clock; readonly random: Random; readonly log: Log },
  port: () => number,
): Koa {
  const app = new Koa();
  app.use(async (context, next) => {
    const requestId = toHex(random.bytes(8));
    context.set(securityHeaders);
    try {
      browserGuard(context.req, port());
      await next();
      if (context.body === undefined && context.respond !== false)
        throw unrouted(context.method, context.path, router);
    } catch (error) {
      const { status, body, retryAfterSeconds } = toErrorResponse(
        error,
        requestId,
        log,
        context.state['operation'],
      );
      context.status = status;
      if (retryAfterSeconds !== undefined) context.set('Retry-After', String(retryAfterSeconds));
      if (status === 401) context.set('WWW-Authenticate', 'Bearer');
      // The rest of a body that is too large is not read: the connection closes after the response.
      if (status === 413) context.set('Connection', 'close');
      context.body = body;
    }
    log.debug('request', {
      method: context.method,
      path: context.path,
      status: context.status,
      request_id: requestId,
    });
    if (context.respond !== false) cutSlowClient(context.res, clock);
  });
  app.use(servePages);
  app.use(router.routes());
  // Connections that break during a request are normal, and koa would print them.
  app.on('error', (error) => log.debug('connection broke', { reason: String(error) }));
  return app;
}

/** Closes the connection of a client that does not read its response, which waits in memory. */
function cutSlowClient(response: ServerResponse, clock: Clock): void {
  response.once(
    'close',
    clock.after(httpLimits.responseMs, () => response.destroy()),
  );
}

/** Logs at most once a minute: a client that opens connections in a loop must not fill the log as well. */
function logDroppedConnections({ clock, log }: { readonly clock: Clock; readonly log: Log }): () => void {
  const isDue = atMostEvery(clock, minuteMs);
  return () => {
    if (!isDue()) return;
    log.warn('the API has reached its connection limit and closes new connections', {
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
