import { expect, test } from 'vitest';
import { instructions } from '../instructions.ts';
import { tools } from './index.ts';

const all = Object.entries(tools);

/** Every schema inside a schema, itself first. */
const schemasIn = (schema: unknown): Record<string, unknown>[] =>
  typeof schema === 'object' && schema !== null
    ? [schema as Record<string, unknown>, ...Object.values(schema).flatMap(schemasIn)]
    : [];

test('lists every tool under its own name, sorted', () => {
  const names = all.map(([key]) => key);
  expect(all.map(([, tool]) => tool.name)).toEqual(names);
  expect([...names].sort()).toEqual(names);
  for (const name of names) expect(name).toMatch(/^[a-z]+(_[a-z]+)+$/);
});

test.each(all)('%s sets every annotation', (_name, { annotations }) => {
  expect(annotations.title).not.toBe('');
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations;
  for (const hint of [readOnlyHint, destructiveHint, idempotentHint, openWorldHint])
    expect(hint).toBeTypeOf('boolean');
});

test.each(all)(
  '%s has a description that a tool search finds and a host does not cut',
  (_name, { description }) => {
    expect(description.length).toBeGreaterThan(100);
    expect(description.length).toBeLessThan(600);
    expect(description).toMatch(/peer/);
    expect(description).toMatch(/agent/);
    expect(description).toMatch(/mesh|inbox/);
    // Some hosts redact whole descriptions over this.
    expect(description).not.toMatch(/(ignore|disregard)\s+(all\s+)?previous/i);
  },
);

test.each(all)('%s names only tools that exist', (_name, { description }) => {
  const named =
    description.match(
      /\b(get|list|send|wait_for|mark|block|trust|answer)_(message|messages|peer|peers|read|status|request|requests)\b/g,
    ) ?? [];
  for (const name of named) expect(tools).toHaveProperty(name);
});

test.each(all)('%s has a schema that every model vendor accepts', (_name, { input }) => {
  const json = JSON.parse(JSON.stringify(input)) as Record<string, unknown>;
  expect(json).toMatchObject({ type: 'object', additionalProperties: false });
  for (const schema of schemasIn(json)) {
    expect(Array.isArray(schema['type'])).toBe(false);
    for (const word of ['anyOf', 'oneOf', 'allOf', 'not', '$ref', 'const', 'patternProperties']) {
      expect(schema).not.toHaveProperty(word);
    }
  }
  for (const property of Object.values((json['properties'] ?? {}) as Record<string, { type?: string }>)) {
    expect(property.type).toBeTypeOf('string');
  }
});

test('no tool and no instruction names a REST call', () => {
  expect(JSON.stringify([tools, instructions])).not.toMatch(/\b(GET|POST|PUT|PATCH|DELETE) \//);
});

test('every tool responds before clients give up after 60 s', () => {
  for (const [, tool] of all) expect(tool.deadlineMs ?? 0).toBeLessThan(60_000);
});
