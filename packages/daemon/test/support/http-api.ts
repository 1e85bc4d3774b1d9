import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { type CallName, callNames, type Handlers, OcmeshError, type Streams } from '@ocmesh/shared/contract';
import { createFakeClock, createRecordingLog, createSeededRandom } from '@ocmesh/testkit';
import { onTestFinished } from 'vitest';
import type { CallerOptions } from '../../src/adapters/http/authenticate.ts';
import { listen } from '../../src/adapters/http/server.ts';

export interface Answer {
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
  /** Resolves when this was received; rejects if the stream ends before. */
  said(part: string): Promise<void>;
  readonly ended: Promise<void>;
  leave(): void;
}

/** Starts the HTTP server with handlers that return what the test says and record their input; all others fail. */
export async function openApi(
  { followEvents, ...answers }: Partial<Handlers & Streams> = {},
  callers: CallerOptions = { auth: 'none', token: () => null },
) {
  const clock = createFakeClock();
  const log = createRecordingLog();
  const calls: [name: CallName, input: unknown][] = [];
  const handlers = Object.fromEntries(
    callNames.map((name) => [
      name,
      async (input: never, context: never) => {
        calls.push([name, input]);
        const answer = answers[name] as ((input: never, context: never) => Promise<unknown>) | undefined;
        if (!answer) throw new OcmeshError('shutting_down');
        return answer(input, context);
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
  const server = await listen(0, { ...handlers, ...streams }, deps, callers);
  onTestFinished(async () => {
    const closed = server.close();
    await clock.advance(10_000);
    await closed;
  });
  const own = `127.0.0.1:${server.port}`;

  /** Sends exactly these lines and this body on its own socket. */
  function raw(lines: readonly string[], body: string | Buffer = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1');
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('error', (error) => (chunks.length > 0 ? undefined : reject(error)));
      socket.on('close', () => resolve(parse(Buffer.concat(chunks).toString('utf8'))));
      socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
      socket.write(body);
    });
  }

  /** @param reads whether it reads what the server sends */
  async function follow(
    path: string,
    headers: Record<string, string> = {},
    reads = true,
  ): Promise<OpenStream> {
    const changed = new Set<() => void>();
    let text = '';
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get({ port: server.port, host: '127.0.0.1', path, headers, agent: false }, resolve).on('error', reject);
    });
    // A reset connection has ended, too.
    response.setEncoding('utf8').on('error', () => {});
    const ended = new Promise<void>((resolve) => response.on('close', resolve));
    if (reads) {
      response.on('data', (data) => {
        text += data;
        for (const look of changed) look();
      });
    }
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text: () => text,
      said: (part) =>
        new Promise((resolve, reject) => {
          let looked = 0;
          function look(): void {
            if (text.includes(part, looked - part.length)) resolve();
            looked = text.length;
          }
          changed.add(look);
          look();
          void ended.then(() => reject(new Error(`it never said ${part}, but ${text}`)));
        }),
      ended,
      leave: () => void response.destroy(),
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
    /** Sends a request as a well-behaved client does, except for these headers. */
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

function parse(text: string): Answer {
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
