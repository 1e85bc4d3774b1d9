// The only import of ajv. In the bundle of the daemon, scripts/precompiled-validators.mjs replaces it for known schemas.
import { Ajv, type ValidateFunction } from 'ajv';
import type { TSchema } from './typebox.ts';

export type { ValidateFunction } from 'ajv';

// Our own schemas are valid, as a test shows. Checking them against JSON Schema's own would take 40 ms of each start, and
// making the code of validators shorter takes a quarter of their compilation.
const options = {
  strict: true,
  allErrors: false,
  allowUnionTypes: true,
  meta: false,
  validateSchema: false,
  code: { optimize: false },
};

/** Options of ajv. @param coerces whether texts become numbers and booleans: in queries and paths every value is a text */
export const ajvOptions = (coerces: boolean) => ({ ...options, ...(coerces ? { coerceTypes: true } : {}) });

const strictAjv = new Ajv(ajvOptions(false));
const coercingAjv = new Ajv(ajvOptions(true));

/** Makes a validator of a schema. */
export const compileSchema = (schema: TSchema, coerces: boolean): ValidateFunction =>
  (coerces ? coercingAjv : strictAjv).compile(schema);
