import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { testServer } from '@ocmesh/testkit';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

export type Frame = readonly [type: string, ...rest: unknown[]];

export interface ScriptedRelay {
  readonly url: string;
  readonly port: number;
  /** Frames received on all connections, in order. */
  readonly received: Frame[];
  /** Returns the number of connections so far. */
  connections(): number;
  /** Returns the number of open connections. */
  open(): number;
  /** Returns the number of HTTP requests: upgrades, and others. */
  requests(): { readonly upgrades: number; readonly documents: number };
  ofType(type: string): Frame[];
  /** Sends to all clients: an array as a frame, a string or bytes unchanged. */
  send(frame: Frame | string | Buffer): void;
  /** Sends bytes to all clients as a text frame. */
  sendText(bytes: Buffer): void;
  /** Terminates all connections without a close frame. */
  cut(): void;
  /** Closes all connections with this code and reason. */
  close(code: number, reason: string): void;
}

/** An HTTP response in place of the upgrade. */
export interface Denial {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Script {
  /** Speaks TLS with the certificate of `testServer`. */
  readonly secure?: boolean;
  /** Headers of every upgrade response. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Called at each upgrade; null accepts it. */
  readonly onUpgrade?: (request: IncomingMessage) => Denial | null;
  /** Called when a connection is open. */
  readonly onOpen?: (reply: (...frame: Frame) => void) => void;
  /** @returns true if it handled the frame; otherwise a REQ gets EOSE, and EVENT and AUTH get a positive OK */
  readonly onFrame?: (frame: Frame, reply: (...frame: Frame) => void, socket: WebSocket) => boolean;
  /** Whether it sends pongs. Default true. */
  readonly pongs?: boolean;
  /** Handles other HTTP requests, such as for the NIP-11 document. */
  readonly onRequest?: RequestListener;
}

/** Starts a relay on a real socket that follows a script. */
export async function startScriptedRelay(script: Script = {}): Promise<ScriptedRelay> {
  const received: Frame[] = [];
  let connections = 0;
  let upgrades = 0;
  let documents = 0;
  const onRequest: RequestListener = (request, response) => {
    documents++;
    if (script.onRequest) script.onRequest(request, response);
    else response.writeHead(404, { date: '' }).end();
  };
  const http = script.secure ? createSecureServer(testServer, onRequest) : createServer(onRequest);
  const server = new WebSocketServer({ noServer: true, autoPong: script.pongs ?? true });
  http.on('upgrade', (request, socket, head) => {
    upgrades++;
    socket.on('error', () => {});
    const denial = script.onUpgrade?.(request) ?? null;
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
    url: `ws${script.secure ? 's' : ''}://127.0.0.1:${port}`,
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
    sendText(bytes) {
      for (const client of server.clients) client.send(bytes, { binary: false });
    },
    cut() {
      for (const client of server.clients) client.terminate();
    },
    close(code, reason) {
      for (const client of server.clients) client.close(code, reason);
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
