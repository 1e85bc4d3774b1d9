import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { type CallName, callNames, type Handlers, OcmeshError, type Streams } from '@ocmesh/shared/contract';
import { createFakeClock, createRecordingLog, createSeededRandom } from '@ocmesh/testkit';
import { onTestFinished } from 'vitest';
import type { CallerOptions } from '../../src/adapters/http/authenticate.ts';
import type { PageFile } from '../../src/adapters/http/page/page-files.ts';
import { type HttpServer, listen } from '../../src/adapters/http/server.ts';
import { createHomeProof } from '../../src/adapters/system/home-proof.ts';

export interface HttpResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** An event stream on its own socket. */
export interface OpenStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Everything received so far. */
  text(): string;
  /** Resolves when this has been received; rejects if the stream ends before. */
  received(part: string): Promise<void>;
  readonly ended: Promise<void>;
  disconnect(): void;
}

/**
 * Starts the real HTTP server with these handlers, and records their input. Handlers that are not given fail, except that
 * of the proof.
 */
export async function openApi(
  { followEvents, ...implemented }: Partial<Handlers & Streams> = {},
  callers: CallerOptions = { auth: 'none', token: () => null },
  page: readonly PageFile[] = [],
) {
  const clock = createFakeClock();
  const log = createRecordingLog();
  const calls: [name: CallName, input: unknown][] = [];
  const handlers = Object.fromEntries(
    callNames.map((name) => [
      name,
      async (input: never, context: never) => {
        calls.push([name, input]);
        const handler = implemented[name] as ((input: never, context: never) => Promise<unknown>) | undefined;
        if (!handler) throw new OcmeshError('shutting_down');
        return handler(input, context);
      },
    ]),
  ) as Handlers;
  const streams: Streams = {
    followEvents(input, context) {
      if (!followEvents) throw new OcmeshError('shutting_down');
      return followEvents(input, context);
    },
  };
  const deps = { clock, random: createSeededRandom(1), log };
  const homeProof = createHomeProof({ random: deps.random, token: callers.token });
  const prove: Handlers['prove'] = async ({ nonce }) => homeProof.prove(nonce, server.port);
  const server: HttpServer = await listen(
    0,
    { ...handlers, prove: implemented.prove ? handlers.prove : prove, ...streams },
    deps,
    callers,
    page,
  );
  onTestFinished(async () => {
    const closed = server.close();
    await clock.advance(10_000);
    await closed;
  });
  const own = `127.0.0.1:${server.port}`;

  /** Sends exactly these lines, each character as one byte, and this body on a new socket. */
  function raw(lines: readonly string[], body: string | Buffer = ''): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1');
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('error', (error) => (chunks.length > 0 ? undefined : reject(error)));
      socket.on('close', () => resolve(parse(Buffer.concat(chunks).toString('utf8'))));
      socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`, 'latin1');
      socket.write(body);
    });
  }

  /** Opens an event stream. @param reads whether the client reads from its socket */
  async function follow(
    path: string,
    headers: Record<string, string> = {},
    reads = true,
  ): Promise<OpenStream> {
    const listeners = new Set<() => void>();
    let text = '';
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get({ port: server.port, host: '127.0.0.1', path, headers, agent: false }, resolve).on('error', reject);
    });
    // A stream may also end with an error.
    response.setEncoding('utf8').on('error', () => {});
    const ended = new Promise<void>((resolve) => response.on('close', resolve));
    if (reads) {
      response.on('data', (data) => {
        text += data;
        for (const check of listeners) check();
      });
    }
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text: () => text,
      received: (part) =>
        new Promise((resolve, reject) => {
          let searched = 0;
          function check(): void {
            if (text.includes(part, searched - part.length)) resolve();
            searched = text.length;
          }
          listeners.add(check);
          check();
          void ended.then(() => reject(new Error(`received no ${part}, but ${text}`)));
        }),
      ended,
      disconnect: () => void response.destroy(),
    };
  }

  return {
    port: server.port,
    own,
    clock,
    log,
    calls,
    server,
    raw,
    follow,
    /** Sends a request as a well-behaved client does, with these headers added or replaced. */
    get: (path: string, headers: Record<string, string> = {}) =>
      raw([`GET ${path} HTTP/1.1`, ...headerLines({ Host: own, ...headers })]),
    remove: (path: string, headers: Record<string, string> = {}) =>
      raw([`DELETE ${path} HTTP/1.1`, ...headerLines({ Host: own, ...headers })]),
    post(path: string, body: string | Buffer, headers: Record<string, string> = {}) {
      const length = String(Buffer.byteLength(body));
      const all = { Host: own, 'Content-Type': 'application/json', 'Content-Length': length, ...headers };
      return raw([`POST ${path} HTTP/1.1`, ...headerLines(all)], body);
    },
  };
}

const headerLines = (headers: Record<string, string>): string[] =>
  Object.entries(headers).flatMap(([name, value]) => (value === '' ? [] : [`${name}: ${value}`]));

function parse(text: string): HttpResponse {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...rest] = text.slice(0, end).split('\r\n');
  const headers = new Map(
    rest.map((line) => [line.split(':')[0]?.toLowerCase() ?? '', line.slice(line.indexOf(':') + 1).trim()]),
  );
  const body = text.slice(end + 4);
  let json: Record<string, unknown> = {};
  try {
    json = JSON.parse(body);
  } catch {
    // Not every response is JSON.
  }
  return { status: Number(first.split(' ')[1]), headers, text: body, json };
}
