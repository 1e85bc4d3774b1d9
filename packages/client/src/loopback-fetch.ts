import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { OcmeshError } from '@ocmesh/shared/contract';
import { clientLimits } from './limits.ts';

/** The part of a response that our clients need. */
export interface LoopbackResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
  readonly body: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }>;
      cancel(): Promise<void>;
    };
  };
}

export type LoopbackFetch = (
  url: string,
  init?: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal?: AbortSignal | undefined;
  },
) => Promise<LoopbackResponse>;

/**
 * Creates a `fetch` for programs on this machine. It connects to 127.0.0.1 whatever host the URL names, follows no redirect,
 * and never uses a proxy: Node's own `fetch` and global agent do, if the environment says so.
 * @param prove called for each new connection before anything else is sent; a failure is the failure of the call
 */
export function createLoopbackFetch(prove?: (socket: Socket, port: number) => Promise<void>): LoopbackFetch {
  const agent = new Agent({ keepAlive: true, timeout: clientLimits.idleMs });
  agent.createConnection = ({ port }, done) => {
    const socket = connect({ host: '127.0.0.1', port: Number(port) });
    if (!prove) return socket;
    prove(socket, Number(port)).then(
      () => done?.(null, socket),
      (error) => done?.(error, socket),
    );
    return undefined;
  };

  return (url, { method = 'GET', headers = {}, body, signal } = {}) =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { agent, method, headers, ...(signal && { signal }) });
      outgoing.once('error', reject);
      outgoing.once('response', (incoming) => {
        // From here on, an error belongs to the reader of the body.
        outgoing.on('error', () => {});
        resolve(toResponse(incoming));
      });
      outgoing.end(body);
    });
}

/** Calls programs on this machine that need not prove who they are: nothing private is sent to them. */
export const loopbackFetch: LoopbackFetch = createLoopbackFetch();

function toResponse(incoming: IncomingMessage): LoopbackResponse {
  return {
    status: incoming.statusCode ?? 0,
    headers: { get: (name) => [incoming.headers[name.toLowerCase()] ?? []].flat()[0] ?? null },
    text: () => readText(incoming),
    body: {
      getReader() {
        const chunks = incoming[Symbol.asyncIterator]();
        return {
          async read() {
            const { done = false, value } = await chunks.next();
            return { done, value: value as Uint8Array };
          },
          cancel: async () => void incoming.destroy(),
        };
      },
    },
  };
}

/** Reads a body of limited size in limited time. */
async function readText(incoming: IncomingMessage): Promise<string> {
  const over = AbortSignal.timeout(clientLimits.bodyMs);
  const stop = (): void => void incoming.destroy(notTheDaemon('does not end its response'));
  over.addEventListener('abort', stop);
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > clientLimits.responseBytes) throw notTheDaemon('sends more than any response has');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    over.removeEventListener('abort', stop);
  }
}

const notTheDaemon = (what: string): OcmeshError =>
  new OcmeshError('daemon_down', {
    message: `The response is not from an ocmesh daemon: the program there ${what}.`,
    problem: 'not_a_daemon',
  });
