import type { IncomingMessage } from 'node:http';
import { limits, OcmeshError } from '@ocmesh/shared/contract';
import getRawBody from 'raw-body';

/** Reads the body as a JSON object; an empty body is an empty object. @throws OcmeshError `invalid_json`, `body_too_large` */
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
  try {
    return await getRawBody(request, {
      limit: limits.http.bodyBytes,
      length: request.headers['content-length'] ?? null,
      encoding: 'utf8',
    });
  } catch (cause) {
    const tooLarge = (cause as { type?: string }).type === 'entity.too.large';
    throw new OcmeshError(tooLarge ? 'body_too_large' : 'invalid_json', { cause });
  }
}
