import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Log, type Random, toHex } from '@ocmesh/shared/ambient';
import { type ErrorCode, OcmeshError } from '@ocmesh/shared/contract';
import { toAnswer } from './errors.ts';
import { securityHeaders } from './security-headers.ts';

const codes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'too_slow',
};

export interface Unread {
  /** A request that was read, and its answer: while it is under way the connection is not free for another. */
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  /** Answers what Node could not read as a request: no guard and no route ever sees it. */
  onClientError(error: NodeJS.ErrnoException, socket: Socket): void;
}

export function createUnread({ random, log }: { readonly random: Random; readonly log: Log }): Unread {
  /** Answers that are under way, where there are any. */
  const answering = new WeakMap<object, number>();
  const count = (socket: object, change: 1 | -1): void =>
    void answering.set(socket, (answering.get(socket) ?? 0) + change);

  return {
    onRequest({ socket }, response) {
      count(socket, 1);
      response.once('close', () => count(socket, -1));
    },
    onClientError({ code = '' }, socket) {
      // In the middle of an answer another cannot be told from it.
      if (!socket.writable || answering.get(socket)) {
        socket.destroy();
        return;
      }
      const known = codes[code];
      const error = known
        ? new OcmeshError(known)
        : new OcmeshError('invalid_request', {
            message: 'This is no HTTP request that can be read.',
            problem: 'not_http',
          });
      const { status, body } = toAnswer(error, toHex(random.bytes(8)), log);
      const text = JSON.stringify(body);
      const headers = {
        ...securityHeaders,
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Length': Buffer.byteLength(text),
        Connection: 'close',
      };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines].join('\r\n');
      socket.end(`${head}\r\n\r\n${text}`, () => socket.destroy());
    },
  };
}
