import { createHash } from 'node:crypto';
import type { Context } from 'koa';

/** A response that is the same for everybody, kept in memory. */
export interface StaticResponse {
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly plain: Variant;
  /** Compressed; null if there is none. */
  readonly brotli: Variant | null;
}

interface Variant {
  readonly body: Buffer;
  /** A strong one: of exactly these bytes (RFC 9110, 8.8.3). */
  readonly etag: string;
}

export const toVariant = (body: Buffer): Variant => ({
  body,
  etag: `"${createHash('sha256').update(body).digest('base64url')}"`,
});

/** Writes it, compressed if the client accepts that; 304 if the client has it. Always whole: a range is ignored. */
export function respondStatically(context: Context, { type, headers, plain, brotli }: StaticResponse): void {
  const isCompressed = brotli !== null && context.acceptsEncodings('br', 'identity') === 'br';
  const { body, etag } = isCompressed ? brotli : plain;
  context.set(headers);
  context.vary('Accept-Encoding');
  context.set('ETag', etag);
  if (hasTag(context.get('If-None-Match'), etag)) {
    context.status = 304;
    context.body = null;
    return;
  }
  if (isCompressed) context.set('Content-Encoding', 'br');
  context.body = body;
  context.type = type;
}

/** Whether an If-None-Match names this tag. The comparison is the weak one (RFC 9110, 13.1.2). */
const hasTag = (header: string, etag: string): boolean =>
  header.split(',').some((one) => /^\s*\*\s*$/.test(one) || one.trim().replace(/^W\//, '') === etag);
