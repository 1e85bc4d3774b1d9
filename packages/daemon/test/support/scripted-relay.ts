import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

export type Frame = readonly [type: string, ...rest: unknown[]];

export interface ScriptedRelay {
  readonly url: string;
  readonly port: number;
  /** Frames of all connections, in order. */
  readonly received: Frame[];
  /** How many connections there were. */
  connections(): number;
  ofType(type: string): Frame[];
  /** Sends to everybody: an array as a frame, a string or bytes as they are. */
  send(frame: Frame | string | Buffer): void;
  /** Cuts every connection without a word. */
  cut(): void;
}

export interface Script {
  /** Right after a connection stands. */
  readonly onOpen?: (reply: (...frame: Frame) => void) => void;
  /** @returns true when it dealt with the frame itself; else REQ gets EOSE and EVENT and AUTH get a friendly OK */
  readonly onFrame?: (frame: Frame, reply: (...frame: Frame) => void, socket: WebSocket) => boolean;
  /** Whether it answers pings. Default true. */
  readonly pongs?: boolean;
  /** Answers plain HTTP, NIP-11 among it. */
  readonly onRequest?: RequestListener;
}

/** A relay on a real socket that says what a test tells it to. */
export async function startScriptedRelay(script: Script = {}): Promise<ScriptedRelay> {
  const received: Frame[] = [];
  let connections = 0;
  const http = createServer(script.onRequest ?? ((_, response) => response.writeHead(404).end()));
  const server = new WebSocketServer({ server: http, autoPong: script.pongs ?? true });
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
    ofType: (type) => received.filter((frame) => frame[0] === type),
    send(frame) {
      const text = typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame);
      for (const client of server.clients) client.send(text);
    },
    cut() {
      for (const client of server.clients) client.terminate();
    },
  };
}
