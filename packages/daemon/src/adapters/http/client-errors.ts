import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Log, type Random, toHex } from '@ocmesh/shared/ambient';
import { type ErrorCode, OcmeshError } from '@ocmesh/shared/contract';
import { toErrorResponse } from './errors.ts';
import { securityHeaders } from './headers.ts';

const codes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'too_slow',
};

/** Responds to input that Node cannot parse as a request, which never reaches the guard or a route. */
export interface ClientErrors {
  /** Takes note of a parsed request: until its response ends, the connection is not free for another one. */
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  onClientError(error: NodeJS.ErrnoException, socket: Socket): void;
}

export function createClientErrors({
  random,
  log,
}: {
  readonly random: Random;
  readonly log: Log;
}): ClientErrors {
  /** Responses under way, by socket. */
  const responding = new WeakMap<object, number>();
  const count = (socket: object, change: 1 | -1): void =>
    void responding.set(socket, (responding.get(socket) ?? 0) + change);

  return {
    onRequest({ socket }, response) {
      count(socket, 1);
      response.once('close', () => count(socket, -1));
    },
    onClientError({ code = '' }, socket) {
      // In the middle of another response, this one would look like a part of it.
      if (!socket.writable || responding.get(socket)) {
        socket.destroy();
        return;
      }
      const known = codes[code];
      const error = known
        ? new OcmeshError(known)
        : new OcmeshError('invalid_request', {
            message: 'The request is not valid HTTP.',
            problem: 'not_http',
          });
      const { status, body } = toErrorResponse(error, toHex(random.bytes(8)), log);
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
