import { compileSchema, type ValidateFunction } from './compile-schema.ts';
import type { ErrorCode } from './errors.ts';
import type { Input } from './handlers.ts';
import { OcmeshError } from './ocmesh-error.ts';
import { hasBody } from './operation.ts';
import { type OperationName, operations } from './operations.ts';
import type { Static, TSchema } from './typebox.ts';
import { describeViolation } from './violation.ts';

// Compiled on first use: compiling all schemas at start takes 60 ms.
const compiled = new Map<TSchema, ValidateFunction>();

function compile(schema: TSchema, coerces: boolean): ValidateFunction {
  let validate = compiled.get(schema);
  if (!validate) {
    validate = compileSchema(schema, coerces);
    compiled.set(schema, validate);
  }
  return validate;
}

/** Field and rule of a violation, and a description that does not repeat the caller's values. */
function describe({ errors, schema }: ValidateFunction): { field: string; rule: string; violation: string } {
  const [error] = errors ?? [];
  if (!error) return { field: '', rule: '', violation: describeViolation([], []) };
  const { instancePath, keyword: rule } = error;
  const parent = instancePath.slice(1).replaceAll('/', '.');
  const params = error.params as Record<string, unknown>;
  const child = params['missingProperty'] ?? params['additionalProperty'];
  // The name of an unknown field is the caller's own text, but the caller needs it to find the mistake.
  const field = [parent, typeof child === 'string' ? child.slice(0, 64) : ''].filter(Boolean).join('.');
  const ofField = errors?.filter((other) => other.instancePath === instancePath) ?? [];
  const known = parent === '' ? Object.keys((schema as { properties?: object }).properties ?? {}) : [];
  return { field, rule, violation: describeViolation(ofField, known) };
}

/**
 * Checks a request against its operation.
 * @param values fields of path, query, headers and body in one object; query values are coerced in place
 * @throws OcmeshError `invalid_request`, or the operation's code for this violation
 */
export function validateInput<N extends OperationName>(name: N, values: Record<string, unknown>): Input<N> {
  const row = operations[name];
  const validate = compile(row.input, !hasBody(row));
  if (validate(values)) {
    checkFinite(values);
    return values as Input<N>;
  }
  const { field, rule, violation } = describe(validate);
  const violations: Readonly<Record<string, ErrorCode>> = 'violations' in row ? row.violations : {};
  const code = violations[`${field} ${rule}`] ?? 'invalid_request';
  throw new OcmeshError(code, {
    ...(code === 'invalid_request' ? { message: `Invalid request: ${field || 'it'} ${violation}.` } : {}),
    details: { field, rule },
  });
}

/** ajv coerces `Infinity` and `1e999` to a number, and then applies no bound to it. */
function checkFinite(values: Record<string, unknown>): void {
  const found = Object.entries(values).find(
    ([, value]) => typeof value === 'number' && !Number.isFinite(value),
  );
  if (!found) return;
  const [field] = found;
  throw new OcmeshError('invalid_request', {
    message: `Invalid request: ${field} must be a finite number.`,
    details: { field, rule: 'type' },
  });
}

/** Returns a checker for any schema. */
export function createChecker<S extends TSchema>(
  schema: S,
): (value: unknown) => { ok: true; value: Static<S> } | { ok: false; problem: string } {
  return (value) => {
    const validate = compile(schema, false);
    if (validate(value)) return { ok: true, value: value as Static<S> };
    const { field, violation } = describe(validate);
    return { ok: false, problem: `${field || 'it'} ${violation}` };
  };
}
