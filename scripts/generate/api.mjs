// docs/api.md: every operation with its fields and one example, every schema once.
import {
  commonErrors,
  errorCatalogue,
  hasBody,
  openApiDocument,
  operations,
  pathFields,
  statusOf,
} from '@ocmesh/shared/contract';
import { formatJson } from './examples.mjs';

/** @typedef {{ $ref?: string, type?: string, const?: unknown, anyOf?: Schema[], items?: Schema, properties?: Record<string, Schema>, required?: string[], description?: string, minimum?: number, maximum?: number, minLength?: number, maxLength?: number }} Schema */
/** @typedef {import('./examples.mjs').Example} Example */
/** @typedef {keyof typeof errorCatalogue} Code */

/** @type {any} */
const openApi = openApiDocument('');
/** @type {Record<string, Schema>} */
const schemas = JSON.parse(JSON.stringify(openApi.components.schemas));

/** @param {string} ref */
const nameOf = (ref) => ref.split('/').at(-1) ?? '';
/** @param {Schema} schema */
const isObject = (schema) => schema.properties !== undefined;
/** Schemas of plain values are shown where they are used. @param {Schema} schema @returns {Schema} */
function resolve(schema) {
  const { $ref, ...rest } = schema;
  const target = $ref ? schemas[nameOf($ref)] : undefined;
  return target && !isObject(target) ? { ...target, ...rest } : schema;
}

/** @param {Schema} schema @returns {string} */
function typeName(schema) {
  const { $ref, anyOf, items, type, const: value } = resolve(schema);
  if ($ref) return `[${nameOf($ref)}](#${nameOf($ref).toLowerCase()})`;
  if (value !== undefined) return JSON.stringify(value);
  if (anyOf) return anyOf.map(typeName).join(' \\| ');
  if (type === 'array') return `${typeName(items ?? {})}[]`;
  return type ?? 'any';
}

/** The description of a field; of one that may be null, that of the value. @param {Schema} schema @returns {string} */
function describe(schema) {
  const { description, anyOf = [], $ref } = resolve(schema);
  const target = $ref ? schemas[nameOf($ref)]?.description : undefined;
  return description ?? target ?? anyOf.map(describe).find(Boolean) ?? '';
}

/** The range of a number or the length of a text. @param {Schema} schema @returns {string} */
function bounds({ anyOf, minimum, maximum, minLength, maxLength }) {
  if (anyOf) return anyOf.map(bounds).find(Boolean) ?? '';
  if (minimum !== undefined || maximum !== undefined) return ` Range: ${minimum ?? 0} to ${maximum ?? '∞'}.`;
  if (minLength === undefined && maxLength === undefined) return '';
  return ` ${minLength ?? 0} to ${maxLength ?? '∞'} characters.`;
}

/**
 * Fields of an object, those of objects inside it included: `outbox.queued`, `messages[].id`.
 * @param {Schema} schema @returns {[name: string, field: Schema][]}
 */
const fieldsOf = (schema) =>
  Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const inner = [field, field.items, ...(field.anyOf ?? [])].find((one) => one && isObject(one));
    const prefix = inner === field.items ? `${name}[]` : name;
    const nested = inner
      ? fieldsOf(inner).map(([path, one]) => /** @type {const} */ ([`${prefix}.${path}`, one]))
      : [];
    return /** @type {[string, Schema][]} */ ([[name, field], ...nested]);
  });

/** @param {Schema} schema @param {(name: string) => string} [place] where a field of a request goes */
function table(schema, place) {
  const required = schema.required ?? [];
  const rows = fieldsOf(schema).map(([name, field]) => {
    const where = place ? ` ${place(name)} |` : '';
    const mark = place && required.includes(name) ? ' (required)' : '';
    return `| \`${name}\`${mark} |${where} ${typeName(field)} | ${describe(field)}${bounds(field)} |`;
  });
  const head = place
    ? ['| field | in | type | |', '|---|---|---|---|']
    : ['| field | type | |', '|---|---|---|'];
  return [...head, ...rows].join('\n');
}

/** The table of a named schema; one that extends another lists only what it adds. @param {string} name */
function namedTable(name) {
  const schema = schemas[name] ?? {};
  const base = Object.keys(schemas).find(
    (other) => other !== name && extendsOther(schema, schemas[other] ?? {}),
  );
  if (!base) return table(schema);
  const own = Object.entries(schema.properties ?? {}).filter(
    ([field]) => !schemas[base]?.properties?.[field],
  );
  const link = typeName({ $ref: base });
  return `The fields of ${link}, and:\n\n${table({ ...schema, properties: Object.fromEntries(own) })}`;
}

/** @param {Schema} schema @param {Schema} base */
const extendsOther = (schema, base) =>
  isObject(base) &&
  Object.entries(base.properties ?? {}).every(
    ([name, field]) => JSON.stringify(schema.properties?.[name]) === JSON.stringify(field),
  );

/** Names of the schemas that a part of the document refers to. @param {unknown} part */
const namesIn = (part) =>
  [...JSON.stringify(part).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name = '']) => name);

/** Schemas that only one operation uses: they are shown there. */
const usedOnce = new Set(
  Object.keys(schemas).filter((name) => {
    const users = Object.values(operationsOf()).filter((one) => namesIn(one).includes(name));
    return users.length === 1 && !namesIn(Object.values(schemas)).includes(name);
  }),
);

/** @returns {Record<string, any>} by operation id */
function operationsOf() {
  const all = Object.values(openApi.paths).flatMap((path) => Object.values(/** @type {any} */ (path)));
  return Object.fromEntries(all.map((one) => [one.operationId, one]));
}

/** @param {any} row */
function requestSection(row) {
  if (Object.keys(row.input.properties).length === 0) return '';
  const path = pathFields(row.path);
  const elsewhere = hasBody(row) ? 'body' : 'query';
  const place = (/** @type {string} */ field) =>
    path.includes(field) ? 'path' : row.headers?.[field] ? `header \`${row.headers[field]}\`` : elsewhere;
  return `Request:\n\n${table(row.input, place)}`;
}

/** @param {any} row @param {Schema} schema of the response */
function responseSection(row, schema) {
  if (row.stream) return eventsSection(schemas['StreamEvent'] ?? {});
  if (row.text) return `Response: text, \`${row.text}\`.`;
  const status = row.successStatus ? ` ${row.successStatus}` : '';
  const page = row.page ? ', one page. The `Link` header leads to the next one: `<…>; rel="next"`' : '';
  const name = nameOf(schema.$ref ?? schema.items?.$ref ?? '');
  if (usedOnce.has(name))
    return `Response${status}${schema.items ? ', a list of' : ''}:\n\n${namedTable(name)}`;
  return `Response${status}: ${typeName(schema)}${page}.`;
}

/** What each event of a stream holds. @param {Schema} output */
function eventsSection(output) {
  const kinds = (output.anyOf ?? []).map(({ properties: { event, data } = {}, description }) => ({
    name: `\`${event?.const}\``,
    data: data ?? {},
    description,
  }));
  const rows = kinds.map(({ name, data, description }) => `| ${name} | ${description} | ${describe(data)} |`);
  const own = kinds.filter(({ data }) => isObject(data));
  return [
    'Response: `text/event-stream`. Each event has an `id`, an `event` and one line of JSON as `data`. The `event` says what happened; `data` shows the peer or message as it is when the event is sent, which after a reconnect may be later.',
    ['| event | | data |', '|---|---|---|', ...rows].join('\n'),
    ...own.map(({ name, data }) => `\`data\` of ${name}:\n\n${table(data)}`),
  ].join('\n\n');
}

/** @param {any} row @param {Example} example */
function exampleSection(row, { input, response }) {
  const rest = { ...input };
  let { path } = row;
  for (const field of pathFields(path)) {
    path = path.replace(`:${field}`, String(rest[field]));
    delete rest[field];
  }
  const headers = Object.entries(row.headers ?? {}).flatMap(([field, header]) => {
    const value = rest[field];
    delete rest[field];
    return value === undefined ? [] : [`${header}: ${value}`];
  });
  if (row.owner) headers.push('authorization: Bearer TOKEN');
  const query = hasBody(row) ? '' : new URLSearchParams(/** @type {any} */ (rest)).toString();
  const body = hasBody(row) ? ['content-type: application/json', '', formatJson(rest)] : [];
  const request = [`${row.method} ${path}${query ? `?${query}` : ''}`, ...headers, ...body].join('\n');
  const text = row.stream ? /** @type {any[]} */ (response).map(serverSentEvent).join('\n\n') : response;
  const shown =
    typeof text === 'string' ? `\`\`\`text\n${text.trimEnd()}` : `\`\`\`json\n${formatJson(text)}`;
  return `Example:\n\n\`\`\`http\n${request}\n\`\`\`\n\n${shown}\n\`\`\``;
}

/** @param {{ id: string, event: string, data: unknown }} event */
const serverSentEvent = ({ id, event, data }) => `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}`;

/** @param {Code} code @param {number} [status] */
const withStatus = (code, status = errorCatalogue[code].status) => `\`${code}\` ${status}`;

/** @param {any} row */
function errorsSection(row) {
  const codes = /** @type {Code[]} */ (Object.keys(row.errors ?? {}));
  if (codes.length === 0) return '';
  const all = codes.map((code) => withStatus(code, statusOf(row, code, errorCatalogue[code].status)));
  return `Errors: ${all.join(', ')}.`;
}

/** @param {Code[]} codes */
function listed(codes) {
  const all = codes.map((code) => withStatus(code));
  return `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

/** @param {string} header @param {Record<string, Example>} examples by operation */
export function apiDocument(header, examples) {
  const always = [...commonErrors(false)];
  const withBody = commonErrors(true).filter((code) => !always.includes(code));
  const described = operationsOf();
  const sections = Object.entries(operations).map(([name, row]) => {
    /** @type {any} */
    const operation = row;
    const success = described[name].responses[operation.successStatus ?? 200];
    const schema = success.content['application/json']?.schema ?? {};
    return [
      `## ${row.method} ${row.path}`,
      row.summary,
      operation.owner ? 'Only for the owner: requires the token.' : '',
      requestSection(operation),
      responseSection(operation, schema),
      errorsSection(operation),
      exampleSection(operation, /** @type {Example} */ (examples[name])),
    ]
      .filter(Boolean)
      .join('\n\n');
  });
  const shared = Object.keys(schemas).filter((name) => isObject(schemas[name] ?? {}) && !usedOnce.has(name));
  const named = shared.map((name) => `### ${name}\n\n${namedTable(name)}`);
  return `${header}
# REST API

Base URL: \`http://127.0.0.1:7432\`. Requests and responses are JSON in UTF-8. Times are ISO 8601 in UTC. Unknown fields are refused.
Text from other agents and from relays is marked untrusted: it is data, never an instruction. [openapi.json](openapi.json) has the
same for programs, and so does \`GET /openapi.json\`. [A tour](rest.md) shows the calls that you need first.

The examples are from a real run on one machine, with a relay on port 7447; ids, times and sizes are replaced.

## Token

The file \`token\` in \`OCMESH_HOME\` identifies the owner. Send its contents as \`Authorization: Bearer TOKEN\`. Calls that are only for
the owner always require it (\`owner_only\` 403 without it). If \`api_auth\` is \`token\`, every call except \`GET /healthz\` does
(\`token_required\` 401). A wrong token is always refused.

## Errors

[errors.md](errors.md) lists every code. Besides the errors listed below, any call can get
${listed(always)};
a call with a body also ${listed(withBody)}.

${namedTable('ErrorBody')}

Example:

\`\`\`json
${formatJson(examples['error']?.response)}
\`\`\`

${sections.join('\n\n')}

## Schemas

${named.filter((section) => !section.startsWith('### ErrorBody')).join('\n\n')}
`;
}
