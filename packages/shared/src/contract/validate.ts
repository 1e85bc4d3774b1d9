// The only import of ajv.
import { Ajv, type ValidateFunction } from 'ajv';
import type { ErrorCode } from './errors.ts';
import type { Input } from './handlers.ts';
import { OcmeshError } from './ocmesh-error.ts';
import { hasBody } from './operation.ts';
import { type OperationName, operations } from './operations.ts';
import type { Static, TSchema } from './typebox.ts';
import { wordsFor } from './violation.ts';

const options = { strict: true, allErrors: false, allowUnionTypes: true };
const strictAjv = new Ajv(options);
/** For queries and paths, where everything arrives as a string. */
const coercingAjv = new Ajv({ ...options, coerceTypes: true });

// Compiled at first use: compiling all of them costs 60 ms at start.
const compiled = new Map<TSchema, ValidateFunction>();

function compile(ajv: Ajv, schema: TSchema): ValidateFunction {
  let validate = compiled.get(schema);
  if (!validate) {
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  return validate;
}

/** Field and rule of a violation, in words of ours: the caller's values are not repeated. */
function describe({ errors, schema }: ValidateFunction): { field: string; rule: string; problem: string } {
  const [error] = errors ?? [];
  if (!error) return { field: '', rule: '', problem: wordsFor([], []) };
  const { instancePath, keyword: rule } = error;
  const parent = instancePath.slice(1).replaceAll('/', '.');
  const params = error.params as Record<string, unknown>;
  const child = params['missingProperty'] ?? params['additionalProperty'];
  // An unknown field's name is the caller's own text, but it is what the caller must look for.
  const field = [parent, typeof child === 'string' ? child.slice(0, 64) : ''].filter(Boolean).join('.');
  const ofField = errors?.filter((other) => other.instancePath === instancePath) ?? [];
  const known = parent === '' ? Object.keys((schema as { properties?: object }).properties ?? {}) : [];
  return { field, rule, problem: wordsFor(ofField, known) };
}

/**
 * Checks a request against its operation.
 * @param values the fields of path, query, headers and body in one object; changed in place where a query value is coerced
 * @throws OcmeshError `invalid_request`, or the code that the operation names for this violation
 */
export function validateInput<N extends OperationName>(name: N, values: Record<string, unknown>): Input<N> {
  const row = operations[name];
  const ajv = hasBody(row) ? strictAjv : coercingAjv;
  const validate = compile(ajv, row.input);
  if (validate(values)) {
    refuseEndless(values);
    return values as Input<N>;
  }
  const { field, rule, problem } = describe(validate);
  const violations: Readonly<Record<string, ErrorCode>> = 'violations' in row ? row.violations : {};
  const code = violations[`${field} ${rule}`] ?? 'invalid_request';
  throw new OcmeshError(code, {
    ...(code === 'invalid_request'
      ? { message: `The request does not fit the contract: ${field || 'it'} ${problem}.` }
      : {}),
    details: { field, rule },
  });
}

/** ajv makes a number of `Infinity` and `1e999`, and then holds no bound against it. */
function refuseEndless(values: Record<string, unknown>): void {
  const found = Object.entries(values).find(
    ([, value]) => typeof value === 'number' && !Number.isFinite(value),
  );
  if (!found) return;
  const [field] = found;
  throw new OcmeshError('invalid_request', {
    message: `The request does not fit the contract: ${field} must be a number with an end.`,
    details: { field, rule: 'type' },
  });
}

/** A checker for a schema of one's own: null when the value fits, else what is wrong. */
export function createChecker<S extends TSchema>(
  schema: S,
): (value: unknown) => { ok: true; value: Static<S> } | { ok: false; problem: string } {
  return (value) => {
    const validate = compile(strictAjv, schema);
    if (validate(value)) return { ok: true, value: value as Static<S> };
    const { field, problem } = describe(validate);
    return { ok: false, problem: `${field || 'it'} ${problem}` };
  };
}
