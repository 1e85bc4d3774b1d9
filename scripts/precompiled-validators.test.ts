import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { ConfigFile } from '../packages/daemon/src/config/schema.ts';
import { ajvOptions, compileSchema } from '../packages/shared/src/contract/compile-schema.ts';
import { hasBody } from '../packages/shared/src/contract/operation.ts';
import { operations } from '../packages/shared/src/contract/operations.ts';
import { precompile } from './precompiled-validators.mjs';

const schemas = [
  { schema: ConfigFile, coerces: false },
  ...Object.values(operations).map((row) => ({ schema: row.input, coerces: !hasBody(row) })),
];

interface Module {
  compileSchema: typeof compileSchema;
}
/** Runs the generated module. A schema that it does not know is an error. */
function load(): Module {
  const require = createRequire(new URL('../packages/shared/package.json', import.meta.url));
  const made = { exports: {} as Module };
  const text = precompile(schemas, ajvOptions, 'not-precompiled');
  new Function('require', 'exports', text)(require, made.exports);
  return made.exports;
}

const samples: readonly unknown[] = [
  'x',
  '',
  '7',
  '1e999',
  'true',
  'ab'.repeat(32),
  'é'.repeat(70_000),
  7,
  -1,
  1.5,
  1e9,
  true,
  null,
  [],
  ['x'],
  [7, 7],
  Array(2_000).fill('x'),
  {},
  { text: 'x' },
];

/** Objects that are right, and wrong in each way that these samples can be. */
function inputs(schema: { properties?: object }): Record<string, unknown>[] {
  const names = [...Object.keys(schema.properties ?? {}), 'unknown'];
  const each = names.flatMap((name) => samples.map((value) => ({ [name]: value })));
  const all = samples.map((value) => Object.fromEntries(names.slice(0, -1).map((name) => [name, value])));
  return [{}, ...each, ...all, ...each.flatMap((one, n) => ({ ...all[n % all.length], ...one }))];
}

test('say the same as those that are compiled at run time, and coerce the same', () => {
  const { compileSchema: precompiled } = load();
  let accepted = 0;
  let refused = 0;
  for (const { schema, coerces } of schemas) {
    const expected = compileSchema(schema, coerces);
    const found = precompiled(schema, coerces);
    expect(found.schema).toBe(schema);
    for (const input of inputs(schema)) {
      const [one, other] = [structuredClone(input), structuredClone(input)];
      const isRight = expected(one);
      expect(found(other)).toBe(isRight);
      expect(other).toEqual(one);
      expect(found.errors).toEqual(expected.errors);
      if (isRight) accepted++;
      else refused++;
    }
  }
  expect(accepted).toBeGreaterThan(500);
  expect(refused).toBeGreaterThan(2_000);
});

test('leave other schemas to run time', () => {
  const { compileSchema: precompiled } = load();
  expect(() => precompiled({ type: 'string', maxLength: 3 }, false)).toThrow(/not-precompiled/);
});
