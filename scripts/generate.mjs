// Writes what stands in docs from the code: api.md, openapi.json, errors.md, limits.md, tools.json. With --check it only says
// whether they are up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import {
  commonErrors,
  errorCatalogue,
  hasBody,
  openApiDocument,
  operations,
  pathFields,
  statusOf,
} from '@ocmesh/shared/contract';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { createMcpServer } from '../packages/mcp-server/dist/server.js';

const header = '<!-- Generated from packages/shared by `pnpm generate`. Do not edit. -->\n';

/** @typedef {{ type?: string, const?: unknown, anyOf?: Schema[], items?: Schema, properties?: Record<string, Schema>, required?: string[], patternProperties?: Record<string, Schema>, description?: string, minimum?: number, maximum?: number, minLength?: number, maxLength?: number }} Schema */

/** @param {Schema} schema @returns {string} */
function typeName(schema) {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return schema.anyOf.map(typeName).join(' \\| ');
  if (schema.type === 'array')
    return `${schema.items?.properties ? 'object' : typeName(schema.items ?? {})}[]`;
  return schema.type ?? 'any';
}

/** Of a value that may be null, what is said of it where it is not. @param {Schema} schema @returns {string} */
const describe = ({ description, anyOf = [] }) => description ?? anyOf.map(describe).find(Boolean) ?? '';

/** @param {Schema} schema */
function bounds({ minimum, maximum, minLength, maxLength }) {
  const [least, most] = [minimum ?? minLength, maximum ?? maxLength];
  if (least === undefined && most === undefined) return '';
  const unit = minLength === undefined && maxLength === undefined ? '' : ' characters';
  return ` ${least ?? 0} to ${most ?? '∞'}${unit}.`;
}

/** @param {Schema} schema @param {(name: string) => string} [place] */
function table(schema, place) {
  const required = schema.required ?? [];
  const rows = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const where = place ? ` ${place(name)} |` : '';
    return `| \`${name}\`${place && required.includes(name) ? ' (required)' : ''} |${where} ${typeName(field)} | ${describe(field)}${bounds(field)} |`;
  });
  return [`| field |${place ? ' in |' : ''} type | |`, `|---|${place ? '---|' : ''}---|---|`, ...rows].join(
    '\n',
  );
}

/** What each event of a stream holds. @param {Schema} output */
function events(output) {
  const kinds = (output.anyOf ?? []).map(({ properties: { event, data } = {}, description }) => ({
    name: `\`${event?.const}\``,
    data,
    description,
  }));
  const rows = kinds.map(
    ({ name, data, description }) => `| ${name} | ${data?.description ?? 'see below'} | ${description} |`,
  );
  const own = kinds.filter(({ data }) => !data?.description);
  return [
    `Answer: events of \`text/event-stream\`. Each has an \`id\`, an \`event\` and one line of JSON as \`data\`: what happened, and how it is when the event is sent, which after a break may be later.`,
    ['| event | data | |', '|---|---|---|', ...rows].join('\n'),
    ...own.map(({ name, data }) => `${name}:\n\n${table(data ?? {})}`),
  ];
}

/** @typedef {keyof typeof errorCatalogue} Code */

/** @param {Code} code @param {number} [status] */
const withStatus = (code, status = errorCatalogue[code].status) => `\`${code}\` ${status}`;

/** @param {Code[]} codes */
function sentence(codes) {
  const all = codes.map((code) => withStatus(code));
  return `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

function api() {
  const always = [...commonErrors(false)];
  const withBody = commonErrors(true).filter((code) => !always.includes(code));
  /** Where a shape was shown first. @type {Map<Schema, string>} */
  const shown = new Map();
  const sections = Object.entries(operations).map(([name, row]) => {
    /** @type {any} */
    const operation = row;
    const path = pathFields(row.path);
    const place = (/** @type {string} */ field) =>
      path.includes(field)
        ? 'path'
        : operation.headers?.[field]
          ? `header \`${operation.headers[field]}\``
          : hasBody(row)
            ? 'body'
            : 'query';
    const output = /** @type {Schema} */ (row.output);
    const shape = output.items?.properties ? output.items : output;
    const earlier = shown.get(shape);
    if (!earlier) shown.set(shape, `\`${row.method} ${row.path}\``);
    const errors = Object.keys(operation.errors ?? {}).map((code) => {
      const known = /** @type {Code} */ (code);
      return withStatus(known, statusOf(operation, known, errorCatalogue[known].status));
    });
    const nested = Object.entries(shape.properties ?? {}).flatMap(([field, schema]) => {
      const object = schema.items?.properties ? schema.items : schema.properties ? schema : null;
      return object && name !== 'waitForMessages'
        ? [`\`${field}\`${schema.items ? ', each' : ''}:\n\n${table(object)}`]
        : [];
    });
    return [
      `## ${row.method} ${row.path}\n\n${row.summary}`,
      operation.owner ? 'For the owner: needs the token.' : '',
      Object.keys(row.input.properties).length > 0
        ? `Request:\n\n${table(/** @type {Schema} */ (row.input), place)}`
        : '',
      ...(operation.stream
        ? events(output)
        : !shape.properties
          ? [`Answer: ${operation.text ? `text, \`${operation.text}\`` : 'an object'}.`]
          : [
              `Answer${operation.successStatus ? ` with ${operation.successStatus}` : ''}${output.type === 'array' ? ': an array, each' : ''}${operation.page ? '; the next page stands in `Link: <…>; rel="next"`' : ''}${earlier ? `, as in ${earlier}.` : `:\n\n${table(shape)}`}`,
              ...(earlier ? [] : nested),
            ]),
      errors.length > 0 ? `Errors: ${errors.join(', ')}.` : '',
    ]
      .filter(Boolean)
      .join('\n\n');
  });
  return `${header}
# The local REST API

Base \`http://127.0.0.1:7432\`. JSON in UTF-8; times are ISO 8601 in UTC; unknown fields are refused. Every error is
\`{error, message, hint, request_id, details?}\` with a code of [errors.md](errors.md). For programs the same stands in
[openapi.json](openapi.json), as \`GET /openapi.json\` gives it. Text from other agents and from relays is marked
untrusted: it is data, never an instruction.

Beside the errors named below any call can end in
${sentence(always)},
and one with a body in ${sentence(withBody)} as well.

The token is what the file \`token\` in \`OCMESH_HOME\` holds, sent as \`Authorization: Bearer TOKEN\`. What is for the owner needs it
always (\`owner_only\` 403 without it), every call but \`/healthz\` where \`api_auth\` is \`token\` (\`token_required\` 401). A wrong
one is refused everywhere.

${sections.join('\n\n')}
`;
}

function errors() {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { status, retry, message, hint }]) =>
      `| \`${code}\` | ${status} | ${retry.replace('_', ' ')} | ${message} | ${hint} |`,
  );
  return `${header}
# Errors

| code | HTTP | try again | what happened | next step |
|---|---|---|---|---|
${rows.join('\n')}

\`peer_unknown\` is 400 at \`POST /send\`. \`daemon_down\` comes from our clients, when nothing answers.

# Exit codes

| code | the daemon (\`ocmesh start\`) | other commands |
|---|---|---|
| 0 | stopped by SIGTERM, SIGINT or SIGHUP | done; \`status\`: healthy; \`doctor\`: no fault |
| 1 | crashed, or the disk failed: start it again | \`doctor\` found a fault; \`service status\`: not installed, does not answer, or its Node is gone; \`service\`: the daemon did not come up; or a mistake of ours |
| 75 | trying again may help: another program holds the port for 5 s, or the disk is full | it may work later; \`status\`: degraded, or not running |
| 78 | only a person can help: configuration, permissions, keys, unreadable store, home in use, port held by another ocmesh. Under launchd it does not end but stays and tries again ([ADR 0016](adr/0016-user-service.md)) | it was given something wrong, or this machine cannot do it |
`;
}

/** The file is its own documentation: each number stands under a comment with its unit and reason. */
function limits() {
  const source = readFileSync(new URL('../packages/shared/src/contract/limits.ts', import.meta.url), 'utf8');
  const rows = [];
  let comment = '';
  for (const line of source.split('\n')) {
    const said = /^ {2}\/\*\* (.*) \*\/$/.exec(line);
    const bound = /^ {2}(\w+): (.*),$/.exec(line);
    if (said) comment = said[1] ?? '';
    if (bound) rows.push(`| \`${bound[1]}\` | ${bound[2]?.replaceAll('_', ',')} | ${comment} |`);
  }
  return `${header}
# Limits

| name | value | unit and reason |
|---|---|---|
${rows.join('\n')}
`;
}

/** As an MCP client sees them where the owner allowed no more. */
async function tools() {
  const server = createMcpServer({
    handlers: /** @type {any} */ ({}),
    mayTrust: async () => false,
    random: { bytes: (count) => new Uint8Array(count) },
    onProblem: console.error,
  });
  const client = new Client({ name: 'generate', version: ocmeshVersion });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(far);
  await client.connect(near);
  const list = await client.listTools();
  await client.close();
  return list.tools;
}

/** @param {unknown} value */
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

let stale = 0;
for (const [name, text] of Object.entries({
  'api.md': api(),
  'openapi.json': json(openApiDocument(ocmeshVersion)),
  'errors.md': errors(),
  'limits.md': limits(),
  'tools.json': json(await tools()),
})) {
  const path = fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
  if (!process.argv.includes('--check')) {
    writeFileSync(path, text);
    continue;
  }
  let written = '';
  try {
    written = readFileSync(path, 'utf8');
  } catch {
    // Missing is stale.
  }
  if (written === text) continue;
  console.error(`docs/${name} is out of date: run pnpm generate`);
  stale++;
}
process.exit(stale === 0 ? 0 : 1);
