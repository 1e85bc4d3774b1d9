import Router from '@koa/router';
import {
  type CallContext,
  callNames,
  type Handlers,
  hasBody,
  type Input,
  type Operation,
  type OperationName,
  operations,
  type Page,
  type Streams,
  validateInput,
} from '@ocmesh/shared/contract';
import type { Context } from 'koa';
import type { Caller, CallerCheck } from './authenticate.ts';
import type { EventStreams } from './event-streams.ts';
import { readJson } from './read-json.ts';

/** Routes from the operation table: check the caller, validate, call the handler, write the answer. */
export function createRoutes(
  handlers: Handlers & Streams,
  streams: EventStreams,
  checkCaller: CallerCheck,
): Router {
  const router = new Router({ strict: true, sensitive: true });

  function register<N extends OperationName>(
    name: N,
    serve: (context: Context, input: Input<N>, row: Operation, caller: Caller) => void | Promise<void>,
  ): void {
    const row: Operation = operations[name];
    router.register(row.path, [row.method], async (context: Context) => {
      context.state['operation'] = row;
      // Before anything of the body is read.
      const caller = checkCaller(context.req, row);
      await serve(context, validateInput(name, await collect(context, row)), row, caller);
    });
  }

  for (const name of callNames) {
    // The table ties each name to its types; the loop over all of them cannot.
    const handle = handlers[name] as (input: unknown, context: CallContext) => Promise<unknown>;
    register(name, async (context, input, row, { owner }) =>
      answer(context, row, await handle(input, { signal: goneSignal(context), owner })),
    );
  }
  register('followEvents', (context, input) =>
    streams.open(context, (signal) => handlers.followEvents(input, { signal })),
  );
  return router;
}

/** Path, query or body, and headers as one object. A repeated query field is a list, which no schema takes. */
async function collect(context: Context, row: Operation): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = hasBody(row) ? await readJson(context.req) : { ...context.query };
  // A header's field is taken from the header alone.
  for (const [field, header] of Object.entries(row.headers ?? {})) {
    delete values[field];
    const value = context.get(header);
    if (value !== '') values[field] = value;
  }
  return { ...values, ...context['params'] };
}

function answer(context: Context, row: Operation, output: unknown): void {
  if (row.page) {
    const { items, next_cursor } = output as Page<unknown>;
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

/** Here and not by koa: what cannot be written is then a mistake like any other. */
function write(context: Context, value: unknown): void {
  context.body = JSON.stringify(value);
  context.type = 'application/json';
}

function goneSignal(context: Context): AbortSignal {
  const controller = new AbortController();
  // It closes after each answer: to abort then would build an error, with its stack, for nobody.
  context.res.once('close', () => {
    if (!context.res.writableFinished) controller.abort();
  });
  return controller.signal;
}
