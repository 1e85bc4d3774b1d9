import { extname } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { OcmeshError } from '@ocmesh/shared/contract';
import type { Context } from 'koa';
import { docsStyle, renderDocs } from './docs.ts';
import type { PageFile } from './page-files.ts';
import { respondStatically, type StaticResponse, toVariant } from './static-response.ts';

/** Headers of HTML: it may load what we serve, and nothing else. */
const documentHeaders = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Permissions-Policy': [
    'accelerometer',
    'camera',
    'display-capture',
    'geolocation',
    'gyroscope',
    'hid',
    'microphone',
    'midi',
    'payment',
    'publickey-credentials-get',
    'serial',
    'usb',
  ]
    .map((feature) => `${feature}=()`)
    .join(', '),
} as const;

/** A year; the name changes with the content. */
const IMMUTABLE = 'public, max-age=31536000, immutable';
/** As Vite names its files. */
const hasHash = /-[\w-]{8,}\.\w+$/;
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};

const noPage = (): OcmeshError =>
  new OcmeshError('not_found', { message: 'This build of ocmesh has no page.', problem: 'no_page' });
const noPageText =
  'This build of ocmesh has no page.\n\nInstall a release, or build it in a checkout: npm run build. Then restart the daemon.\n' +
  'Until then, `ocmesh status` shows how the daemon is, and /docs lists the REST API.\n';

/** Responds to requests for the page, its files, and the documentation of the API: the same for everybody. */
export type ServePages = (context: Context, next: () => Promise<unknown>) => Promise<unknown>;

/**
 * Serves files from memory: a path is looked up among their names, and never leads to the disk.
 * @param files the built page; none if there is no page
 */
export function createServePages(files: readonly PageFile[]): ServePages {
  const responses = new Map<string, StaticResponse>();
  for (const file of files)
    responses.set(file.name === 'index.html' ? '/' : `/${file.name}`, toResponse(file));
  const hasPage = responses.has('/');
  const addDocs = (): void => {
    const toFile = (name: string, text: string): StaticResponse => {
      const body = Buffer.from(text);
      return toResponse({ name, body, brotli: brotliCompressSync(body) });
    };
    responses.set('/docs', toFile('docs.html', renderDocs()));
    responses.set('/docs.css', toFile('docs.css', docsStyle));
  };

  return async (context, next) => {
    const { path } = context;
    // Made when somebody reads it: most daemons never show it.
    if (path.startsWith('/docs') && !responses.has('/docs')) addDocs();
    const found = responses.get(path);
    if (path !== '/' && !found) return next();
    if (context.method !== 'GET' && context.method !== 'HEAD') throw new OcmeshError('method_not_allowed');
    if (path === '/') context.vary('Accept');
    if (path === '/' && !hasPage) return explain(context);
    // A program that reads only JSON gets what it would without a page.
    if (path === '/' && !context.accepts('html')) throw new OcmeshError('not_found');
    return found && respondStatically(context, found);
  };
}

function toResponse({ name, body, brotli }: PageFile): StaticResponse {
  const type = types[extname(name)] ?? 'application/octet-stream';
  const headers =
    extname(name) === '.html'
      ? documentHeaders
      : { 'Cache-Control': hasHash.test(name) ? IMMUTABLE : 'no-cache' };
  return { type, headers, plain: toVariant(body), brotli: toVariant(brotli) };
}

/** A browser gets text to read, a program the usual error. */
function explain(context: Context): void {
  if (context.accepts('json', 'html') === 'json') throw noPage();
  context.status = 404;
  context.type = 'text/plain; charset=utf-8';
  context.body = noPageText;
}
