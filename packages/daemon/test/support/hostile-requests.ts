import { gzipSync } from 'node:zlib';
import type { PlainRequest } from './plain-request.ts';

/** An HTTP request as sent over the socket: the lines of its head, and its body. */
export interface RawRequest {
  readonly lines: readonly string[];
  readonly body?: string | Buffer;
}

type Mutation = (plain: PlainRequest, port: number) => RawRequest;

const json = 'Content-Type: application/json';
const length = (body: string | Buffer): string => `Content-Length: ${Buffer.byteLength(body)}`;

/** The plain request with these headers instead of its own. */
const withHeaders =
  (headers: (own: string) => readonly string[]): Mutation =>
  ({ method, path, body }, port) => ({
    lines: [
      `${method} ${path} HTTP/1.1`,
      ...headers(`127.0.0.1:${port}`),
      ...(body === null ? [] : [json, length(body)]),
    ],
    body: body ?? '',
  });

const host = (name: (own: string, port: string) => string): Mutation =>
  withHeaders((own) => [`Host: ${name(own, own.slice(own.indexOf(':') + 1))}`]);

const also = (...headers: string[]): Mutation => withHeaders((own) => [`Host: ${own}`, ...headers]);

/** Another request line, with a valid Host. */
const target =
  (line: (plain: PlainRequest, own: string) => string): Mutation =>
  (plain, port) => ({ lines: [line(plain, `127.0.0.1:${port}`), `Host: 127.0.0.1:${port}`] });

/** A POST of this body, with these headers, to the same path. */
const posts =
  (body: string | Buffer, ...headers: string[]): Mutation =>
  ({ path }, port) => ({
    lines: [`POST ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, length(body), ...headers],
    body,
  });

const preflight =
  (...headers: string[]): Mutation =>
  ({ path, method }, port) => ({
    lines: [
      `OPTIONS ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Origin: https://evil.example',
      `Access-Control-Request-Method: ${method}`,
      ...headers,
    ],
  });

const message = JSON.stringify({ to: 'ab'.repeat(32), content: 'x' });
const chunked = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

/** Requests of web pages, proxies, and broken or malicious clients. None may reach a handler. */
export const hostileRequests: Readonly<Record<string, Mutation>> = {
  'a rebound name': host(() => 'evil.example'),
  'a rebound name with our port': host((_, port) => `evil.example:${port}`),
  'a name that begins like ours': host((_, port) => `127.0.0.1.evil.example:${port}`),
  'a name with a trailing dot': host((_, port) => `localhost.:${port}`),
  'our address without the port': host(() => '127.0.0.1'),
  'the address of all interfaces': host((_, port) => `0.0.0.0:${port}`),
  'our address as a single number': host((_, port) => `2130706433:${port}`),
  'our address in octal': host((_, port) => `0177.0.0.1:${port}`),
  'our address in IPv6': host((_, port) => `[::ffff:127.0.0.1]:${port}`),
  'a user before our address': host((own) => `evil.example@${own}`),
  'two names in one Host': host((own) => `${own}, evil.example`),
  'an empty Host': host(() => ''),
  'no Host': withHeaders(() => []),
  'no Host in HTTP/1.0': ({ method, path }) => ({ lines: [`${method} ${path} HTTP/1.0`] }),
  'two Hosts, ours first': withHeaders((own) => [`Host: ${own}`, 'Host: evil.example']),
  'two Hosts, ours last': withHeaders((own) => ['Host: evil.example', `Host: ${own}`]),
  'our Host twice': withHeaders((own) => [`Host: ${own}`, `host: ${own}`]),
  'a folded Host': withHeaders((own) => [`Host: ${own}`, ' evil.example']),
  'a Host before a colon with a space': withHeaders((own) => [`Host : ${own}`]),
  'the absolute form': target(({ method, path }, own) => `${method} http://${own}${path} HTTP/1.1`),
  'the absolute form of another host': target(
    ({ method, path }) => `${method} http://evil.example${path} HTTP/1.1`,
  ),
  'a target with two slashes': target(({ method, path }) => `${method} //evil.example${path} HTTP/1.1`),
  'a path traversal': target(({ method, path }) => `${method} /..${path} HTTP/1.1`),
  'an encoded path traversal': target(
    ({ method, path }) => `${method} /ui/..%2f..%2f${path.slice(1)} HTTP/1.1`,
  ),
  'a path traversal to a file': target(({ method }) => `${method} /../../../../etc/hostname HTTP/1.1`),
  'a path traversal with backslashes': target(({ method }) => `${method} /..\\..\\token HTTP/1.1`),
  'a path with dot segments': target(({ method, path }) => `${method} /./x/..${path} HTTP/1.1`),
  'a path in upper case': target(({ method, path }) => `${method} ${path.toUpperCase()}/ HTTP/1.1`),
  'a foreign Origin': also('Origin: https://evil.example'),
  'Origin null': also('Origin: null'),
  'an empty Origin': also('Origin: '),
  'the Origin of another port': also('Origin: http://localhost:3000'),
  'the Origin of an extension': also('Origin: chrome-extension://abcdefghijklmnopabcdefghijklmnop'),
  'our Origin and a foreign one': withHeaders((own) => [
    `Host: ${own}`,
    `Origin: http://${own}`,
    'Origin: https://evil.example',
  ]),
  'an image of another site': also('Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors'),
  'a page of the same site': also('Sec-Fetch-Site: same-site'),
  'two sites': also('Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: cross-site'),
  'a foreign Origin behind 1900 other headers': also(
    ...Array.from({ length: 1900 }, () => 'a:'),
    'Origin: https://evil.example',
  ),
  'a foreign WebSocket': also(
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Origin: https://evil.example',
  ),
  'a preflight': preflight('Access-Control-Request-Headers: content-type'),
  'a preflight into a private network': preflight('Access-Control-Request-Private-Network: true'),
  'OPTIONS without an Origin': target(({ path }) => `OPTIONS ${path} HTTP/1.1`),
  'OPTIONS *': target(() => 'OPTIONS * HTTP/1.1'),
  TRACE: target(({ path }) => `TRACE ${path} HTTP/1.1`),
  CONNECT: target((_, own) => `CONNECT ${own} HTTP/1.1`),
  'an unknown method': target(({ path }) => `STEAL ${path} HTTP/1.1`),
  'a method in lower case': target(({ method, path }) => `${method.toLowerCase()} ${path} HTTP/1.1`),
  'another method in a header': also('X-HTTP-Method-Override: POST'),
  'another method in another header': also('X-Method-Override: DELETE'),
  'a proxy': also('X-Forwarded-For: 203.0.113.5'),
  'a proxy for another host': also('X-Forwarded-Host: evil.example'),
  'a proxy with RFC 7239': also('Forwarded: for=203.0.113.5;host=evil.example'),
  'a form': posts('to=x&content=y', 'Content-Type: application/x-www-form-urlencoded'),
  'a multipart form': posts('--x\r\n\r\ny\r\n--x--', 'Content-Type: multipart/form-data; boundary=x'),
  'JSON as text': posts(message, 'Content-Type: text/plain'),
  'JSON as text, with JSON as a parameter': posts(message, 'Content-Type: text/plain; application/json'),
  'JSON without a content type': posts(message),
  'JSON as a beacon sends it': posts(message, 'Content-Type: application/csp-report'),
  'JSON in another charset': posts(
    Buffer.from(message, 'utf16le'),
    'Content-Type: application/json; charset=utf-16',
  ),
  'a gzip bomb': posts(gzipSync(Buffer.alloc(50_000_000)), json, 'Content-Encoding: gzip'),
  '65 KiB': posts(JSON.stringify({ to: 'x', content: 'y'.repeat(65 * 1024) }), json),
  'a megabyte without a length': ({ path }, port) => ({
    lines: [`POST ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, json, 'Transfer-Encoding: chunked'],
    body: chunked(JSON.stringify({ content: 'y'.repeat(1_000_000) })),
  }),
  'a length and chunks': ({ path }, port) => ({
    lines: [
      `POST ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      json,
      'Content-Length: 6',
      'Transfer-Encoding: chunked',
    ],
    body: `0\r\n\r\nGET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
  }),
  'chunks in disguise': ({ path }, port) => ({
    lines: [`POST ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, json, 'Transfer-Encoding: xchunked'],
    body: `0\r\n\r\nGET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
  }),
  'two lengths': posts(message, json, 'Content-Length: 1'),
  'an invalid length': ({ path }, port) => ({
    lines: [`POST ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, json, 'Content-Length: +5'],
    body: message,
  }),
  'a prototype': posts('{"__proto__":{"content":"x"},"constructor":{"prototype":{"to":"x"}}}', json),
  'JSON 30,000 levels deep': posts('['.repeat(30_000) + ']'.repeat(30_000), json),
  'JSON cut off': posts('{"to":', json),
  'two JSONs': posts(`${message}${message}`, json),
  'a list': posts(`[${message}]`, json),
  'a null byte in the path': target(({ method, path }) => `${method} ${path}\0 HTTP/1.1`),
  'a null byte in a header': also('X-A: a\0b'),
  '101 headers': also(...Array.from({ length: 100 }, (_, index) => `X-${index}: y`)),
  'headers of 9 KiB': also(`X-A: ${'a'.repeat(9 * 1024)}`),
  'a path of 9 KiB': target(({ method, path }) => `${method} ${path}?x=${'a'.repeat(9 * 1024)} HTTP/1.1`),
  'a wrong token': also('Authorization: Bearer wrong'),
  'a password': also('Authorization: Basic b2NtZXNoOm9jbWVzaA=='),
  'HTTP/2': () => ({ lines: ['PRI * HTTP/2.0', '', 'SM'] }),
  'HTTP/0.9': ({ path }) => ({ lines: [`GET ${path}`] }),
  TLS: () => ({ lines: [], body: Buffer.from('16030100a5010000a10303', 'hex') }),
  'nothing but line ends': () => ({ lines: ['', '', ''] }),
};
