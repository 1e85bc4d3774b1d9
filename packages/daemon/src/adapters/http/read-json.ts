import type { IncomingMessage } from 'node:http';
import { limits, OcmeshError } from '@ocmesh/shared/contract';
import getRawBody from 'raw-body';
import { decodeUtf8, notUtf8 } from './utf8.ts';

/** Reads the body as a JSON object; an empty body is an empty object. @throws OcmeshError `invalid_json`, `invalid_request`, `body_too_large` */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = await readText(request);
  if (text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new OcmeshError('invalid_json', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new OcmeshError('invalid_request', {
      message: 'The body must be a JSON object.',
      problem: 'body_not_object',
    });
  }
  return value as Record<string, unknown>;
}

async function readText(request: IncomingMessage): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await getRawBody(request, {
      limit: limits.http.bodyBytes,
      length: request.headers['content-length'] ?? null,
    });
  } catch (cause) {
    const tooLarge = (cause as { type?: string }).type === 'entity.too.large';
    throw new OcmeshError(tooLarge ? 'body_too_large' : 'invalid_json', { cause });
  }
  const text = decodeUtf8(bytes);
  if (text === null) throw notUtf8('body');
  return text;
}
