import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

export type Frame = readonly [type: string, ...rest: unknown[]];

export interface ScriptedRelay {
  readonly url: string;
  readonly port: number;
  /** Received frames of all connections, in order. */
  readonly received: Frame[];
  /** Number of connections so far. */
  connections(): number;
  /** Number of open connections. */
  open(): number;
  /** Number of HTTP requests, upgrades included. */
  requests(): { readonly upgrades: number; readonly documents: number };
  ofType(type: string): Frame[];
  /** Sends to all connections: an array as a frame, a string or bytes as they are. */
  send(frame: Frame | string | Buffer): void;
  /** Cuts all connections without a close frame. */
  cut(): void;
  /** Closes all connections with this code and reason. */
  close(code: number, words: string): void;
}

/** HTTP response of a relay that refuses the upgrade. */
export interface Denial {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Script {
  /** Response headers of every upgrade. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Called at each upgrade; null accepts it. */
  readonly onUpgrade?: () => Denial | null;
  /** Called right after a connection is open. */
  readonly onOpen?: (reply: (...frame: Frame) => void) => void;
  /** @returns true if it handled the frame; otherwise REQ gets EOSE, and EVENT and AUTH get OK true */
  readonly onFrame?: (frame: Frame, reply: (...frame: Frame) => void, socket: WebSocket) => boolean;
  /** Whether it responds to pings. Default: true. */
  readonly pongs?: boolean;
  /** Handles plain HTTP requests, including NIP-11. */
  readonly onRequest?: RequestListener;
}

/** A relay on a real socket that follows the test's script. */
export async function startScriptedRelay(script: Script = {}): Promise<ScriptedRelay> {
  const received: Frame[] = [];
  let connections = 0;
  let upgrades = 0;
  let documents = 0;
  const http = createServer((request, response) => {
    documents++;
    if (script.onRequest) script.onRequest(request, response);
    else response.writeHead(404, { date: '' }).end();
  });
  const server = new WebSocketServer({ noServer: true, autoPong: script.pongs ?? true });
  http.on('upgrade', (request, socket, head) => {
    upgrades++;
    socket.on('error', () => {});
    const denial = script.onUpgrade?.() ?? null;
    if (denial) return void socket.end(writeDenial(denial));
    server.handleUpgrade(request, socket, head, (client) => server.emit('connection', client, request));
  });
  server.on('headers', (headers) => {
    for (const [name, value] of Object.entries(script.headers ?? {})) headers.push(`${name}: ${value}`);
  });
  server.on('connection', (socket) => {
    connections++;
    const reply = (...frame: Frame): void => socket.send(JSON.stringify(frame));
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      received.push(frame);
      if (script.onFrame?.(frame, reply, socket)) return;
      const [type, first] = frame;
      if (type === 'REQ') reply('EOSE', first);
      if (type === 'EVENT' || type === 'AUTH') reply('OK', (first as { id: string }).id, true, '');
    });
    script.onOpen?.(reply);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    http.closeAllConnections();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    port,
    received,
    connections: () => connections,
    open: () => server.clients.size,
    requests: () => ({ upgrades, documents }),
    ofType: (type) => received.filter((frame) => frame[0] === type),
    send(frame) {
      const text = typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame);
      for (const client of server.clients) client.send(text);
    },
    cut() {
      for (const client of server.clients) client.terminate();
    },
    close(code, words) {
      for (const client of server.clients) client.close(code, words);
    },
  };
}

const writeDenial = ({ status, headers = {} }: Denial): string =>
  [
    `HTTP/1.1 ${status} No`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
    'content-length: 0',
    '\r\n',
  ].join('\r\n');
