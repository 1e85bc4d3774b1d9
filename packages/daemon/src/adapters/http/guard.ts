import type { IncomingMessage } from 'node:http';
import { OcmeshError } from '@ocmesh/shared/contract';
import { valuesOf } from './raw-headers.ts';

/**
 * Keeps web pages out. A browser lets any page call 127.0.0.1, and DNS rebinding makes the call same-origin; what it
 * cannot do is send another Host, hide its Origin on a cross-origin call, or leave out Sec-Fetch-Site.
 * @param port the port really listened on
 * @throws OcmeshError `misdirected_host`, `forbidden_origin`, `invalid_request`, `unsupported_media_type`
 */
export function guard(request: IncomingMessage, port: number): void {
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  const hosts = valuesOf(request, 'host');
  if (hosts.length !== 1 || !own.includes(hosts[0] as string)) throw new OcmeshError('misdirected_host');
  if (request.method === 'OPTIONS') throw new OcmeshError('forbidden_origin');
  // An absolute-form target would carry a host of its own past the check.
  if (!/^\/(?!\/)/.test(request.url ?? '')) {
    throw new OcmeshError('invalid_request', { message: 'The request target must be a path.' });
  }
  const origins = valuesOf(request, 'origin');
  const foreign = origins.some((origin) => !own.some((host) => origin === `http://${host}`));
  const site = request.headers['sec-fetch-site'];
  const crossSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (foreign || crossSite) throw new OcmeshError('forbidden_origin');
  if (request.method !== 'GET' && request.method !== 'HEAD') checkMediaType(request);
}

function checkMediaType(request: IncomingMessage): void {
  const { 'content-length': length, 'transfer-encoding': transfer, 'content-type': type } = request.headers;
  const hasBody = transfer !== undefined || (length !== undefined && length !== '0');
  if (!hasBody && type === undefined) return;
  const plain = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type ?? '');
  // Compressed bodies are refused: 48 KB of gzip make 50 MB.
  if (!plain || request.headers['content-encoding'] !== undefined)
    throw new OcmeshError('unsupported_media_type');
}
