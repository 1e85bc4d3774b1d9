import { expect, test } from 'vitest';
import { errorCatalogue, errorRow, isErrorCode } from './errors.ts';

import { callNames } from './handlers.ts';
import { OcmeshError } from './ocmesh-error.ts';
import { type Operation, pathFields, statusOf } from './operation.ts';
import { type OperationName, operations } from './operations.ts';
import { ErrorBody } from './schemas.ts';
import { eventTypes, StreamEvent } from './stream-events.ts';

const rows = Object.entries(operations) as [OperationName, Operation][];

test.each(rows)(
  '%s: path and headers name fields of its input, its errors are in the catalogue',
  (_, row) => {
    const fields = Object.keys(row.input.properties);
    for (const field of [...pathFields(row.path), ...Object.keys(row.headers ?? {})])
      expect(fields).toContain(field);
    for (const code of [...Object.keys(row.errors ?? {}), ...Object.values(row.violations ?? {})]) {
      expect(isErrorCode(code)).toBe(true);
    }
  },
);

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
}

/** Paths of the fields below a schema that have no description. */
function undescribed(schema: Schema, path: string): string[] {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const described = [field, ...(field.anyOf ?? [])].some((one) => one.description);
    return [...(described ? [] : [`${path}.${name}`]), ...undescribed(field, `${path}.${name}`)];
  });
  const parts = [...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])];
  return [...fields, ...parts.flatMap((part) => undescribed(part, path))];
}

test.each(rows)('%s: every field of its request and response has a description', (name, row) => {
  expect([...undescribed(row.input, name), ...undescribed(row.output, name)]).toEqual([]);
});

test('every field of an error has a description', () => {
  expect(undescribed(ErrorBody as object, 'error')).toEqual([]);
});

test('no two operations share method and path', () => {
  const routes = rows.map(([, { method, path }]) => `${method} ${path}`);
  expect(new Set(routes).size).toBe(routes.length);
});

test('every operation is a call or a stream', () => {
  const streams = rows.filter(([, row]) => row.stream).map(([name]) => name);
  expect(streams).toEqual(['followEvents']);
  expect([...callNames, ...streams].sort()).toEqual(rows.map(([name]) => name).sort());
});

test('the stream has a schema for each of its events, and for a gap', () => {
  expect(StreamEvent.anyOf.map((one) => one.properties.event.const)).toEqual([...eventTypes, 'reset']);
});

test('an operation may give a code another status', () => {
  expect(statusOf(operations.sendMessage, 'peer_unknown', errorRow('peer_unknown').status)).toBe(400);
  expect(statusOf(operations.getPeer, 'peer_unknown', errorRow('peer_unknown').status)).toBe(404);
});

test.each(Object.entries(errorCatalogue))('%s says what happened', (_, row) => {
  expect(row.message).toMatch(/[.]$/);
  expect(row.status).toBeGreaterThanOrEqual(400);
});

test('the error for an unknown peer contains the words that people search for', () => {
  expect(new OcmeshError('peer_unknown').message).toContain('peer unknown');
});

test('property names of every object are not codes', () => {
  for (const name of ['toString', '__proto__', 'constructor', '', 5, null])
    expect(isErrorCode(name)).toBe(false);
});
