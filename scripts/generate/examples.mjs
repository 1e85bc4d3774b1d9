// docs/examples.json: one example of each REST call, taken from a real run.
import { createChecker, operations, validateInput } from '@ocmesh/shared/contract';

/** @typedef {{ input: Record<string, unknown>, status: number, response: unknown }} Example */
/** @typedef {Record<string, Example>} Examples by operation; `error` is one that failed */

/**
 * @param {Examples} examples
 * @throws Error unless each operation has an example that fits its schemas
 */
export function checkExamples(examples) {
  const names = Object.keys(operations);
  const missing = names.filter((name) => !examples[name]);
  const unknown = Object.keys(examples).filter((name) => !names.includes(name) && name !== 'error');
  if (missing.length > 0) throw new Error(`no example of ${missing.join(', ')}`);
  if (unknown.length > 0) throw new Error(`examples of no operation: ${unknown.join(', ')}`);
  for (const [name, row] of Object.entries(operations)) checkExample(name, row, examples[name]);
}

/** @param {string} name @param {any} row @param {any} example */
function checkExample(name, row, { input, status, response }) {
  validateInput(/** @type {keyof typeof operations} */ (name), structuredClone(input));
  const expected = [row.successStatus ?? 200, row.degradedStatus];
  if (!expected.includes(status)) throw new Error(`the example of ${name} has status ${status}`);
  const check = createChecker(withoutOthers(row.output));
  for (const value of row.stream ? response : [response]) {
    const result = check(value);
    if (!result.ok) throw new Error(`the example of ${name} is out of date: ${result.problem}`);
  }
}

/** The schema, refusing fields that it does not name. @param {any} schema @returns {any} */
function withoutOthers(schema) {
  if (Array.isArray(schema)) return schema.map(withoutOthers);
  if (typeof schema !== 'object' || schema === null) return schema;
  const parts = Object.entries(schema).map(([key, part]) => [key, withoutOthers(part)]);
  return { ...Object.fromEntries(parts), ...(schema.properties ? { additionalProperties: false } : {}) };
}

/** Most characters of a line before a value is split into several. */
const LINE_CHARS = 100;

/** JSON with short lists and objects on one line. @param {any} value @returns {string} */
export function formatJson(value, indent = '') {
  const short = oneLine(value);
  if (typeof value !== 'object' || value === null || indent.length + short.length <= LINE_CHARS) return short;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => formatJson(item, inner))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${formatJson(item, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`;
}

/** @param {any} value @returns {string} */
function oneLine(value) {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  const parts = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`);
  return parts.length > 0 ? `{ ${parts.join(', ')} }` : '{}';
}
