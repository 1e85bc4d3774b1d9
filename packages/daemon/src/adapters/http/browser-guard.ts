import type { IncomingMessage } from 'node:http';
import { limits, OcmeshError } from '@ocmesh/shared/contract';
import { headerValues } from './headers.ts';

/**
 * Refuses requests of web pages. A browser lets any page call 127.0.0.1, and DNS rebinding makes the call same-origin;
 * but a page cannot send another Host, hide its Origin on a cross-origin call, or leave out Sec-Fetch-Site.
 * @param port the port we listen on
 * @throws OcmeshError `misdirected_host`, `forbidden_origin`, `invalid_request`, `unsupported_media_type`, `headers_too_large`
 */
export function browserGuard(request: IncomingMessage, port: number): void {
  const { rawHeaders, method, url = '' } = request;
  if (rawHeaders.length / 2 > limits.http.headers) throw new OcmeshError('headers_too_large');
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  const hosts = headerValues(request, 'host');
  if (hosts.length !== 1 || !own.includes(hosts[0] as string)) throw new OcmeshError('misdirected_host');
  if (method === 'OPTIONS') throw new OcmeshError('forbidden_origin');
  // A target in absolute form names a host, which this check would not see.
  if (!/^\/(?!\/)/.test(url)) {
    throw new OcmeshError('invalid_request', {
      message: 'The request target must be a path.',
      problem: 'no_path',
    });
  }
  const origins = headerValues(request, 'origin');
  const foreign = origins.some((origin) => !own.some((host) => origin === `http://${host}`));
  const sites = headerValues(request, 'sec-fetch-site');
  const crossSite = sites.some((site) => site !== 'same-origin' && site !== 'none');
  if (foreign || (crossSite && !isVisit(request))) throw new OcmeshError('forbidden_origin');
  checkNames(rawHeaders);
  checkMediaType(request);
}

/** Paths that show everybody the same, and nothing of this agent. */
const documents = ['/', '/docs'];

/**
 * Whether a link or a file of another site leads to one of our documents, as `ocmesh open` does it. That site reads nothing of
 * it: it cannot frame the document, and loses its handle on the window to the opener policy.
 */
function isVisit(request: IncomingMessage): boolean {
  const says = (name: string, value: string): boolean => headerValues(request, name).join() === value;
  return (
    request.method === 'GET' &&
    documents.includes((request.url ?? '').split('?')[0] ?? '') &&
    headerValues(request, 'origin').length === 0 &&
    says('sec-fetch-mode', 'navigate') &&
    says('sec-fetch-dest', 'document')
  );
}

/** Refuses headers by which a proxy names another client, or that name a method other than the checked one. */
function checkNames(rawHeaders: readonly string[]): void {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (/^(x-)?forwarded/i.test(name)) {
      throw new OcmeshError('forbidden_origin', {
        message: 'This API serves only this machine: requests forwarded by a proxy are refused.',
        problem: 'proxied',
      });
    }
    if (/^x-(http-)?method/i.test(name)) {
      throw new OcmeshError('invalid_request', {
        message: 'A header may not name another method than the request line.',
        problem: 'method_in_header',
      });
    }
  }
}

function checkMediaType({ method, headers }: IncomingMessage): void {
  const { 'content-length': length, 'transfer-encoding': transfer, 'content-type': type } = headers;
  const hasBody = transfer !== undefined || (length !== undefined && length !== '0');
  // A Content-Type without a body is a mistake, but a common one with curl and GET.
  if (!hasBody && (type === undefined || method === 'GET' || method === 'HEAD')) return;
  const json = /^application\/json\s*((?:;\s*[\w-]+=(?:"[^"]*"|[^\s;"]+)\s*)*)(?:;\s*)?$/i.exec(type ?? '');
  // Compressed bodies are refused: 48 KB of gzip make 50 MB.
  if (!json || headers['content-encoding'] !== undefined) throw new OcmeshError('unsupported_media_type');
  const charsets = [...(json[1] ?? '').matchAll(/charset="?([^\s;"]*)/gi)];
  if (charsets.some(([, name = '']) => !/^(utf-?8|us-ascii)$/i.test(name))) {
    throw new OcmeshError('unsupported_media_type', {
      message: 'The body must be UTF-8, not in the charset of its Content-Type.',
      problem: 'not_utf8',
    });
  }
}
