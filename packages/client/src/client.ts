import {
  type CallContext,
  callerHeader,
  callNames,
  type Handlers,
  hasBody,
  isErrorCode,
  isProblem,
  OcmeshError,
  type Operation,
  operations,
  pathFields,
} from '@ocmesh/shared/contract';

/** The part of `fetch` that the client needs. */
export type FetchLike = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal?: never },
) => Promise<{ status: number; headers: { get(name: string): string | null }; text(): Promise<string> }>;

export interface ClientOptions extends Credentials {
  /** Base URL of the daemon, asked anew for each call: a restarted daemon may have another port. */
  readonly baseUrl: () => string | Promise<string>;
  readonly fetch: FetchLike;
}

/** How a client shows that it may call. */
export interface Credentials {
  /**
   * The daemon's token, where there is one to show; asked anew for each call.
   * @param demanded the daemon refused to answer without it, or took an earlier one for wrong
   */
  readonly token?: (demanded: boolean) => string | null | Promise<string | null>;
  /** Whether it acts for the owner. Else it shows the token only where every call needs it, and never as the owner's. */
  readonly asOwner?: boolean;
}

/** Calls with the headers that show the token, if there is one; once more if the daemon demands it. */
export async function withToken<T>(
  { token, asOwner = false }: Credentials,
  row: Operation,
  call: (headers: Record<string, string>) => Promise<T>,
): Promise<T> {
  const ask = async (demanded: boolean) =>
    row.owner && !asOwner ? null : ((await token?.(demanded)) ?? null);
  const headersFor = (shown: string | null): Record<string, string> =>
    shown === null
      ? {}
      : { authorization: `Bearer ${shown}`, ...(asOwner ? {} : { [callerHeader]: 'agent' }) };
  const shown = await ask(false);
  try {
    return await call(headersFor(shown));
  } catch (error) {
    const code = error instanceof OcmeshError ? error.code : null;
    const isDemanded =
      code === 'token_required' || code === 'token_wrong' || (asOwner && code === 'owner_only');
    const demanded = isDemanded ? await ask(true) : null;
    // These are refused before anything was done.
    if (demanded === null || demanded === shown) throw error;
    return call(headersFor(demanded));
  }
}

/**
 * The REST API as functions: the same `Handlers` that the daemon implements.
 * Every call rejects with an `OcmeshError`: the daemon's own, or `daemon_down` when it cannot be reached.
 */
export function createClient(options: ClientOptions): Handlers {
  async function call(
    row: Operation,
    input: Record<string, unknown>,
    context: CallContext | undefined,
    credentials: Record<string, string>,
  ): Promise<unknown> {
    const base = await options.baseUrl();
    const { url, init } = toRequest(base, row, input);
    Object.assign(init.headers, credentials);
    let status: number;
    let link: string | null;
    let body: unknown;
    try {
      // The platform's own signal type is not nameable here; `fetch` takes it as it is.
      const signal = context?.signal as never;
      const ask = () => options.fetch(url, signal ? { ...init, signal } : init);
      const response = await ask().catch((cause) => {
        // A kept-alive connection may close just as it is used again. Who only asks may ask once more.
        if (row.method !== 'GET' || context?.signal?.aborted) throw cause;
        return ask();
      });
      status = response.status;
      link = response.headers.get('link');
      const text = await response.text();
      body = row.text && status === 200 ? text : parseJson(text);
    } catch (cause) {
      throw new OcmeshError('daemon_down', {
        message: `The ocmesh daemon is not responding at ${base}.`,
        cause,
      });
    }
    const error = toError(row, status, body);
    if (error) throw error;
    return row.page ? { items: body, next_cursor: nextCursor(link) } : body;
  }

  const entries = callNames.map((name) => [
    name,
    (input: Record<string, unknown>, context?: CallContext) =>
      withToken(options, operations[name], (headers) => call(operations[name], input, context, headers)),
  ]);
  return Object.fromEntries(entries) as Handlers;
}

/** `.` and `..` are steps along a path however they are encoded: they would lead to another operation. */
function pathSegment(field: string, text: string): string {
  if (/^\.{0,2}$|\p{Surrogate}/u.test(text))
    throw new OcmeshError('invalid_request', {
      message: `Not a valid ${field}.`,
      problem: 'not_a_path_segment',
    });
  return encodeURIComponent(text);
}

export function toRequest(base: string, row: Operation, input: Record<string, unknown>) {
  const rest = { ...input };
  let path = row.path;
  for (const field of pathFields(row.path)) {
    path = path.replace(`:${field}`, pathSegment(field, String(rest[field])));
    delete rest[field];
  }
  const headers: Record<string, string> = { accept: row.text ?? 'application/json' };
  for (const [field, header] of Object.entries(row.headers ?? {})) {
    if (rest[field] !== undefined) headers[header] = String(rest[field]);
    delete rest[field];
  }
  if (!hasBody(row)) {
    const query = Object.entries(rest)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`)
      .join('&');
    return { url: `${base}${path}${query ? `?${query}` : ''}`, init: { method: row.method, headers } };
  }
  headers['content-type'] = 'application/json';
  return { url: `${base}${path}`, init: { method: row.method, headers, body: JSON.stringify(rest) } };
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** null for an answer. */
export function toError(row: Operation, status: number, body: unknown): OcmeshError | null {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  if (typeof fields['error'] === 'string') {
    const code = isErrorCode(fields['error']) ? fields['error'] : 'internal';
    const { message, problem, details } = fields;
    return new OcmeshError(code, {
      ...(typeof message === 'string' ? { message } : {}),
      ...(isProblem(problem) ? { problem } : {}),
      ...(typeof details === 'object' && details !== null
        ? { details: details as Record<string, unknown> }
        : {}),
    });
  }
  if (body === undefined || (status >= 400 && status !== row.degradedStatus)) {
    return new OcmeshError('daemon_down', {
      message: `The response is not from an ocmesh daemon (HTTP ${status}).`,
      problem: 'not_a_daemon',
    });
  }
  return null;
}

const nextCursor = (link: string | null): string | null =>
  /[?&]cursor=([^&>]+)[^>]*>; rel="next"/.exec(link ?? '')?.[1] ?? null;
