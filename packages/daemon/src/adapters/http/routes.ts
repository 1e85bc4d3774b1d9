import Router from '@koa/router';
import {
  askedHeaders,
  type CallContext,
  type CallName,
  type CoreHandlers,
  type CountedPage,
  callNames,
  hasBody,
  type Input,
  OcmeshError,
  type Operation,
  type OperationName,
  operations,
  type Streams,
  validateInput,
} from '@ocmesh/shared/contract';
import type { Context } from 'koa';
import type { Authenticate, Caller } from './authenticate.ts';
import type { EventStreams } from './event-streams.ts';
import { headerValues } from './headers.ts';
import type { SessionHandlers } from './page/session-routes.ts';
import { readJson } from './read-json.ts';
import { readQuery } from './read-query.ts';
import { decodeLatin1AsUtf8 } from './utf8.ts';

/** Makes a route of each operation: authenticates, validates, calls the handler, writes the response. */
export function createRoutes(
  handlers: CoreHandlers & Streams,
  sessionHandlers: SessionHandlers,
  streams: EventStreams,
  authenticate: Authenticate,
): Router {
  const router = new Router({ strict: true, sensitive: true });

  function register<N extends OperationName>(
    name: N,
    serve: (context: Context, input: Input<N>, row: Operation, caller: Caller) => void | Promise<void>,
  ): void {
    const row: Operation = operations[name];
    router.register(row.path, [row.method], async (context: Context) => {
      context.state['operation'] = row;
      // Before the body is read.
      const caller = authenticate(context.req, row);
      await serve(context, validateInput(name, await collect(context, row)), row, caller);
    });
  }

  for (const name of callNames) {
    if (isAboutSessions(name)) {
      const serve = sessionHandlers[name] as (context: Context, input: unknown, caller: Caller) => unknown;
      register(name, (context, input, row, caller) => respond(context, row, serve(context, input, caller)));
      continue;
    }
    // The table knows the types of each name; a loop over all names does not.
    const handle = handlers[name] as (input: unknown, context: CallContext) => Promise<unknown>;
    register(name, async (context, input, row, { owner, session }) => {
      const left = disconnectSignal(context);
      const signal = session ? AbortSignal.any([left, session.ended]) : left;
      respond(context, row, await handle(input, { signal, owner }));
    });
  }
  register('followEvents', (context, input, _, { session }) =>
    streams.open(context, (signal) => handlers.followEvents(input, { signal }), session?.ended),
  );
  return router;
}

const isAboutSessions = (name: CallName): name is keyof SessionHandlers => 'session' in operations[name];

/**
 * Merges path, query or body, and headers into one object. A repeated query field or header is a list, which no schema
 * accepts.
 */
async function collect(context: Context, row: Operation): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = hasBody(row)
    ? await readJson(context.req)
    : { ...readQuery(context.querystring) };
  for (const [field, header] of Object.entries(row.headers ?? {})) {
    // curl sends UTF-8 in headers, as it does in bodies; JavaScript sends Latin-1.
    const found = headerValues(context.req, header).map((text) => decodeLatin1AsUtf8(text) ?? text);
    if (found.length === 0) continue;
    const value = found.length === 1 ? found[0] : found;
    if (values[field] !== undefined && values[field] !== value)
      throw new OcmeshError('invalid_request', {
        message: `The header ${header} and the field ${field} differ.`,
      });
    values[field] = value;
  }
  return { ...values, ...context['params'] };
}

function respond(context: Context, row: Operation, output: unknown): void {
  if (row.page) {
    const { items, next_cursor, counts = {}, asked } = output as CountedPage<unknown, string>;
    for (const [name, { header }] of Object.entries(row.counts ?? {}))
      if (counts[name] !== undefined) context.set(header, String(counts[name]));
    if (asked)
      context.set({ [askedHeaders.relays]: String(asked.relays), [askedHeaders.as_of]: asked.as_of });
    if (next_cursor !== null) {
      const query = new URLSearchParams(context.querystring);
      query.set('cursor', next_cursor);
      context.set('Link', `<${context.path}?${query}>; rel="next"`);
    }
    write(context, items);
    return;
  }
  if (row.text) {
    context.body = output;
    context.set('Content-Type', row.text);
    return;
  }
  context.status = row.successStatus ?? 200;
  if (row.degradedStatus && (output as { degraded?: boolean }).degraded) context.status = row.degradedStatus;
  write(context, output);
}

/** Not left to koa, so that a value that cannot be serialized is an error like any other. */
function write(context: Context, value: unknown): void {
  const body = JSON.stringify(value);
  // First: koa would look into the text to guess its type.
  context.type = 'application/json';
  context.body = body;
}

/** A signal that fires when the client leaves before it has the response. */
function disconnectSignal(context: Context): AbortSignal {
  const controller = new AbortController();
  // The response always closes at its end: aborting then would build an error, with its stack, for nobody.
  context.res.once('close', () => {
    if (!context.res.writableFinished) controller.abort();
  });
  return controller.signal;
}
