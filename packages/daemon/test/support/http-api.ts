import { connect } from 'node:net';
import { type CallName, callNames, type Handlers, OcmeshError, type Streams } from '@ocmesh/shared/contract';
import { createFakeClock, createRecordingLog, createSeededRandom } from '@ocmesh/testkit';
import { onTestFinished } from 'vitest';
import { listen } from '../../src/adapters/http/server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** The HTTP server with handlers that answer as told and note their input; those that are not told fail. */
export async function openApi({ followEvents, ...answers }: Partial<Handlers & Streams> = {}) {
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
  const server = await listen(0, { ...handlers, ...streams }, { clock, random: createSeededRandom(1), log });
  onTestFinished(async () => {
    const closed = server.close();
    await clock.advance(10_000);
    await closed;
  });
  const own = `127.0.0.1:${server.port}`;

  /** Exactly these lines and this body on a socket of its own. */
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

  return {
    port: server.port,
    own,
    clock,
    log,
    calls,
    server,
    raw,
    /** A request as a well-behaved client sends it, but for these headers. */
    get: (path: string, headers: Record<string, string> = {}) =>
      raw([`GET ${path} HTTP/1.1`, ...headerLines({ Host: own, ...headers })]),
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
    // Not every answer is JSON.
  }
  return { status: Number(first.split(' ')[1]), headers, text: body, json };
}
