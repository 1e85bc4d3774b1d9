import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { openApiDocument } from './openapi.ts';
import { hasBody, type Operation } from './operation.ts';
import { operations } from './operations.ts';
import { createChecker } from './validate.ts';

/** The document as JSON. */
const document = JSON.parse(JSON.stringify(openApiDocument('1.2.3')));
const rows: [name: string, row: Operation][] = Object.entries(operations);

interface Described {
  readonly operationId: string;
  readonly parameters: { name: string; in: string; required: boolean; schema: object }[];
  readonly requestBody?: { content: Record<string, { schema: { properties: object; required: string[] } }> };
  readonly responses: Record<string, { description: string; content: Record<string, unknown> }>;
}
const described = (row: Operation): Described =>
  document.paths[row.path.replace(/:([a-z_]+)/g, '{$1}')]?.[row.method.toLowerCase()];

/** Every value below, with its key. */
function* walk(value: unknown): Generator<[key: string, value: unknown]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    yield [key, child];
    yield* walk(child);
  }
}

test('is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
  const broken = structuredClone(document);
  broken.paths['/send'].post.responses = 'none';
  expect(await new Validator().validate(broken)).toMatchObject({ valid: false });
});

test('has every operation of the table, and nothing else', () => {
  const names = rows.map(([name, row]) => {
    expect(described(row), name).toBeDefined();
    return described(row).operationId;
  });
  expect(names).toEqual(rows.map(([name]) => name));
  const count = Object.values(document.paths).flatMap((methods) => Object.keys(methods as object));
  expect(count).toHaveLength(rows.length);
});

test('every reference has a target, and every component is referenced', () => {
  const references = [...walk(document)].flatMap(([key, value]) => (key === '$ref' ? [value] : []));
  const names = ['schemas', 'responses'].flatMap((kind) =>
    Object.keys(document.components[kind]).map((name) => `#/components/${kind}/${name}`),
  );
  expect([...new Set(references)].sort()).toEqual(names.sort());
});

test('each field of an input has exactly one place, and is required if the table says so', () => {
  for (const [name, row] of rows) {
    const { parameters, requestBody } = described(row);
    const body = requestBody?.content['application/json']?.schema;
    const placed = [
      ...parameters.map((parameter) => ({ ...parameter, field: parameter.name.replaceAll('-', '_') })),
      ...Object.keys(body?.properties ?? {}).map((field) => ({
        field,
        in: 'body',
        required: body?.required.includes(field) ?? false,
      })),
    ];
    expect(placed.map(({ field }) => field).sort(), name).toEqual(Object.keys(row.input.properties).sort());
    const required = placed.flatMap((place) => (place.required ? [place.field] : []));
    expect(required.sort(), name).toEqual([...(row.input.required ?? [])].sort());
    const inPath = placed.flatMap((place) => (place.in === 'path' ? [`:${place.field}`] : []));
    expect(inPath, name).toEqual(row.path.match(/:[a-z_]+/g) ?? []);
    expect(requestBody === undefined, name).toBe(!hasBody(row));
  }
});

test('a body is checked as the daemon checks it', () => {
  const { schema } = described(operations.sendMessage).requestBody?.content['application/json'] ?? {};
  const check = createChecker(schema as never);
  expect(check({ to: 'x', content: 'y' }).ok).toBe(true);
  for (const wrong of [{ to: 'x' }, { to: 'x', content: '' }, { to: 'x', content: 'y', more: 1 }])
    expect(check(wrong).ok).toBe(false);
});

test('errors that share a status are described together, with the status of their operation', () => {
  const { responses } = described(operations.sendMessage);
  expect(Object.keys(responses)).toEqual(
    expect.arrayContaining(['200', '400', '403', '409', '413', '415', '421', '429', '500', '503', '507']),
  );
  const told = (response: unknown): string =>
    document.components.responses[(response as { $ref: string }).$ref.split('/').at(-1) ?? ''].description;
  expect(told(responses['400'])).toMatch(/`invalid_request`.*`peer_unknown`/);
  expect(told(described(operations.getPeer).responses['404'])).toContain('`peer_unknown`');
  expect(described(operations.addPeer).responses).toHaveProperty('201');
});

test('every operation has the errors of any call, and one with a body those of a body', () => {
  for (const [name, row] of rows) {
    const statuses = Object.keys(described(row).responses);
    expect(statuses, name).toEqual(expect.arrayContaining(['400', '401', '403', '408', '421', '431', '503']));
    expect(statuses.includes('415'), name).toBe(hasBody(row));
  }
});

test('responses other than plain JSON are described with their media type', () => {
  expect(described(operations.getMetrics).responses['200']?.content).toHaveProperty([
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  expect(described(operations.followEvents).responses['200']?.content).toHaveProperty(['text/event-stream']);
  expect(described(operations.getStatus).responses['503']?.content).toEqual({
    'application/json': {
      schema: {
        anyOf: [{ $ref: '#/components/schemas/Status' }, { $ref: '#/components/schemas/ErrorBody' }],
      },
    },
  });
  expect(described(operations.listPeers).responses['200']).toHaveProperty('headers.Link');
});

test('owner-only calls require the token, open calls nothing, and other calls accept both', () => {
  expect(document.security).toEqual([{}, { token: [] }]);
  for (const [name, row] of rows) {
    const { security } = described(row) as { security?: unknown };
    expect(security, name).toEqual(row.owner ? [{ token: [] }] : row.open ? [] : undefined);
  }
  expect(rows.some(([, row]) => row.owner)).toBe(true);
});
