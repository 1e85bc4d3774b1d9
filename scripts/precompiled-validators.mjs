// Makes the validators of known schemas when the daemon is bundled. At run time, the first use of each took 1 to 5 ms.
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';

/** The name of a validator, as the generated module finds it at run time. @param {object} schema @param {boolean} coerces */
const nameOf = (schema, coerces) =>
  `_${createHash('sha256')
    .update(JSON.stringify([schema, coerces]))
    .digest('hex')}`;

/**
 * Returns the text of a CommonJS module to use instead of `compile-schema`.
 * @param {readonly { schema: object, coerces: boolean }[]} known
 * @param {(coerces: boolean) => object} ajvOptions
 * @param {string} otherwise module that compiles other schemas
 */
export function precompile(known, ajvOptions, otherwise) {
  const texts = [false, true].map((coerces) => {
    const ajv = new Ajv({ ...ajvOptions(coerces), code: { source: true } });
    /** @type {Record<string, string>} */
    const names = {};
    for (const { schema } of known.filter((one) => one.coerces === coerces)) {
      const name = nameOf(schema, coerces);
      if (!names[name]) ajv.addSchema(schema, name);
      names[name] = name;
    }
    return `{const exports={};${standalone.default(ajv, names)};Object.assign(validators,exports);}`;
  });
  return `
"use strict";
const { createHash } = require("node:crypto");
const validators = {};
${texts.join('\n')}
const nameOf = (schema, coerces) => "_" + createHash("sha256").update(JSON.stringify([schema, coerces])).digest("hex");
exports.compileSchema = (schema, coerces) => {
  const validate = validators[nameOf(schema, coerces)];
  return validate ? Object.assign(validate, { schema }) : require(${JSON.stringify(otherwise)}).compileSchema(schema, coerces);
};`;
}

const replaced = fileURLToPath(
  new URL('../packages/shared/dist/contract/compile-schema.js', import.meta.url),
);

/**
 * Bundles the validators of these schemas.
 * @param {Parameters<typeof precompile>[0]} known
 * @param {Parameters<typeof precompile>[1]} ajvOptions
 * @returns {import('esbuild').Plugin}
 */
export const precompiledValidators = (known, ajvOptions) => ({
  name: 'precompiled-validators',
  setup(build) {
    build.onResolve({ filter: /\/compile-schema\.js$/ }, ({ kind }) => ({
      path: replaced,
      namespace: kind === 'require-call' ? 'file' : 'precompiled',
    }));
    build.onLoad({ filter: /.*/, namespace: 'precompiled' }, ({ path }) => ({
      contents: precompile(known, ajvOptions, path),
      resolveDir: fileURLToPath(new URL('../packages/shared', import.meta.url)),
    }));
  },
});
