import { hasBody, type Operation, type OperationName, operations, pathFields } from '@ocmesh/shared/contract';

/** An HTTP request as a well-behaved client sends it. */
export interface PlainRequest {
  readonly method: string;
  readonly path: string;
  /** null if the operation has no body. */
  readonly body: string | null;
}

/** Values that fit the fields of any operation, by name. */
const samples: Readonly<Record<string, unknown>> = {
  pubkey: 'ab'.repeat(32),
  to: 'ab'.repeat(32),
  url: 'wss://a.test',
  content: 'hello',
  id: 'mid',
  all: true,
  accept: true,
  trust: 'contact',
  alias: 'a name',
  strangers: 'ask',
  about: 'I translate.',
  watcher: 'default',
  nonce: 'cd'.repeat(32),
  code: 'ef'.repeat(16),
};

/** Returns a minimal valid request for this operation. */
export function plainRequest(name: OperationName): PlainRequest {
  const row: Operation = operations[name];
  const { required = [], minProperties = 0 } = row.input as { required?: string[]; minProperties?: number };
  const others = Object.keys(row.input.properties).filter(
    (field) => field in samples && !required.includes(field),
  );
  const fields = [...required, ...others.slice(0, Math.max(0, minProperties - required.length))];
  const inPath = pathFields(row.path);
  const rest = Object.fromEntries(
    fields.filter((field) => !inPath.includes(field)).map((field) => [field, samples[field]]),
  );
  const path = inPath.reduce((all, field) => all.replace(`:${field}`, String(samples[field])), row.path);
  if (hasBody(row)) return { method: row.method, path, body: JSON.stringify(rest) };
  const query = new URLSearchParams(rest as Record<string, string>).toString();
  return { method: row.method, path: query ? `${path}?${query}` : path, body: null };
}
