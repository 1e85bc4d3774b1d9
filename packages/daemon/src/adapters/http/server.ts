import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, type Log, type Random, toHex } from '@ocmesh/shared/ambient';
import { type Handlers, limits, OcmeshError, type Streams } from '@ocmesh/shared/contract';
import Koa from 'koa';
import { type CallerOptions, createCallerCheck } from './caller.ts';
import { toAnswer } from './errors.ts';
import { createEventStreams, type EventStreams } from './event-streams.ts';
import { guard } from './guard.ts';
import { createRoutes } from './routes.ts';

const HOST = '127.0.0.1';
const MAX_HEADER_BYTES = 8192;
/** A client that takes longer for its headers or its whole request is cut off; answers may take as long as they like. */
const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
/** Enough that slow clients cannot lock everybody out, few enough to bound memory. */
const MAX_CONNECTIONS = 256;

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
  const app = createApp(
    createRoutes(handlers, streams, createCallerCheck(callers, deps)),
    deps,
    () => (server.address() as AddressInfo | null)?.port ?? port,
  );
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: 5_000,
    },
    app.callback(),
  );
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server, streams, deps.clock) };
}

function createApp(
  router: ReturnType<typeof createRoutes>,
  { random, log }: { readonly random: Random; readonly log: Log },
  port: () => number,
): Koa {
  const app = new Koa();
  app.use(async (context, next) => {
    const requestId = toHex(random.bytes(8));
    context.set('Cache-Control', 'no-store');
    context.set('X-Content-Type-Options', 'nosniff');
    context.set('Cross-Origin-Resource-Policy', 'same-origin');
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
  });
  app.use(router.routes());
  // Sockets that break mid-request are no news, and koa would print them.
  app.on('error', (error) => log.debug('connection broke', { reason: String(error) }));
  return app;
}

function unrouted(method: string, path: string, router: ReturnType<typeof createRoutes>): OcmeshError {
  const otherMethod = router.match(path, method).path.length > 0;
  return new OcmeshError(otherMethod ? 'method_not_allowed' : 'not_found');
}

function close(server: Server, streams: EventStreams, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(limits.drainMs / 2, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
    streams.close();
  });
}
