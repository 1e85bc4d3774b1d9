import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Log, type Random, toHex } from '@ocmesh/shared/ambient';
import { type ErrorCode, OcmeshError } from '@ocmesh/shared/contract';
import { toAnswer } from './errors.ts';
import { securityHeaders } from './security-headers.ts';

const codes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'too_slow',
};

/** Answers what Node could not read as a request: no guard and no route ever sees it. */
export const createUnreadAnswer =
  ({ random, log }: { readonly random: Random; readonly log: Log }) =>
  ({ code = '' }: NodeJS.ErrnoException, socket: Socket): void => {
    // Behind an earlier answer, or in the middle of one, another cannot be told from it.
    if (!socket.writable || socket.bytesWritten > 0) {
      socket.destroy();
      return;
    }
    const error = new OcmeshError(codes[code] ?? 'invalid_request');
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
  };
