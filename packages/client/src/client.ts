import {
  type Asked,
  askedHeaders,
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

interface Headers {
  get(name: string): string | null;
}

/** The part of `fetch` that the client needs. */
export type FetchLike = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal?: never },
) => Promise<{ status: number; headers: Headers; text(): Promise<string> }>;

export interface ClientOptions extends Credentials {
  /** Base URL of the daemon, looked up for each call: a restarted daemon may have another port. */
  readonly baseUrl: () => string | Promise<string>;
  readonly fetch: FetchLike;
}

/** How a client proves that it may call. */
export interface Credentials {
  /**
   * Returns the daemon's token, or null without one; called for each call.
   * @param demanded the daemon refused a call without it, or refused an earlier one as wrong
   */
  readonly token?: (demanded: boolean) => string | null | Promise<string | null>;
  /** Whether it acts for the owner. If not, it sends the token only if every call requires it, and says that it acts for an agent. */
  readonly asOwner?: boolean;
}

/** Makes a call with the token, if there is one, and repeats it once if the daemon demands the token. */
export async function withToken<T>(
  { token, asOwner = false }: Credentials,
  row: Operation,
  call: (headers: Record<string, string>) => Promise<T>,
): Promise<T> {
  const tokenFor = async (demanded: boolean) =>
    row.owner && !asOwner ? null : ((await token?.(demanded)) ?? null);
  const headersFor = (value: string | null): Record<string, string> =>
    value === null
      ? {}
      : { authorization: `Bearer ${value}`, ...(asOwner ? {} : { [callerHeader]: 'agent' }) };
  const sent = await tokenFor(false);
  try {
    return await call(headersFor(sent));
  } catch (error) {
    const code = error instanceof OcmeshError ? error.code : null;
    const isDemanded =
      code === 'token_required' || code === 'token_wrong' || (asOwner && code === 'owner_only');
    const demanded = isDemanded ? await tokenFor(true) : null;
    // Safe to repeat: these errors are raised before the operation runs.
    if (demanded === null || demanded === sent) throw error;
    return call(headersFor(demanded));
  }
}

/**
 * The REST API as functions: the same `Handlers` that the daemon implements.
 * Calls reject with an `OcmeshError`: the daemon's, or `daemon_down` if it cannot be reached.
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
    let headers: Headers;
    let body: unknown;
    try {
      // The platform's signal type has no name here; `fetch` accepts it as it is.
      const signal = context?.signal as never;
      const send = () => options.fetch(url, signal ? { ...init, signal } : init);
      const response = await send().catch((cause) => {
        // A kept-alive connection may close just as it is reused. A GET is safe to repeat.
        if (row.method !== 'GET' || context?.signal?.aborted || cause instanceof OcmeshError) throw cause;
        return send();
      });
      status = response.status;
      headers = response.headers;
      const text = await response.text();
      body = row.text && status === 200 ? text : parseJson(text);
    } catch (cause) {
      if (cause instanceof OcmeshError) throw cause;
      throw new OcmeshError('daemon_down', {
        message: `The ocmesh daemon is not responding at ${base}.`,
        cause,
      });
    }
    const error = toError(row, status, body);
    if (error) throw error;
    return row.page
      ? {
          items: body,
          next_cursor: nextCursor(headers.get('link')),
          ...countsIn(row, headers),
          ...askedIn(headers),
        }
      : body;
  }

  const entries = callNames.map((name) => [
    name,
    (input: Record<string, unknown>, context?: CallContext) =>
      withToken(options, operations[name], (headers) => call(operations[name], input, context, headers)),
  ]);
  return Object.fromEntries(entries) as Handlers;
}

/** Returns the numbers that came with a page; none if the response has not all of them. */
function countsIn(row: Operation, headers: Headers): { counts?: Record<string, number> } {
  const found = Object.entries(row.counts ?? {}).map(([name, { header }]) => [name, headers.get(header)]);
  if (found.length === 0 || found.some(([, value]) => !/^\d{1,15}$/.test(value ?? ''))) return {};
  return { counts: Object.fromEntries(found.map(([name, value]) => [name, Number(value)])) };
}

/** Returns whether the relays were asked, as far as the response says so in full. */
function askedIn(headers: Headers): { asked?: Asked } {
  const relays = headers.get(askedHeaders.relays) ?? '';
  const asOf = headers.get(askedHeaders.as_of) ?? '';
  return /^\d{1,3}$/.test(relays) && asOf !== '' ? { asked: { relays: Number(relays), as_of: asOf } } : {};
}

/** Refuses `.` and `..`, which name another path however they are encoded. */
function pathSegment(field: string, text: string): string {
  if (/^\.{0,2}$|\p{Surrogate}/u.test(text))
    throw new OcmeshError('invalid_request', {
      message: `Not a valid ${field}.`,
      problem: 'not_a_path_segment',
    });
  return encodeURIComponent(text);
}

/** Whether a header holds the text as it is: other letters have no agreed encoding, and spaces at the ends are lost. */
const isHeaderText = (value: unknown): value is string =>
  typeof value === 'string' && /^[!-~]+( +[!-~]+)*$/.test(value);

/** Refuses half a character, which has no UTF-8. */
function queryText(field: string, text: string): string {
  if (/\p{Surrogate}/u.test(text))
    throw new OcmeshError('invalid_request', { message: `Not a valid ${field}: it has half a character.` });
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
    // What a header cannot hold travels with the other fields.
    if (!isHeaderText(rest[field])) continue;
    headers[header] = rest[field];
    delete rest[field];
  }
  if (!hasBody(row)) {
    const query = Object.entries(rest)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${queryText(key, String(value))}`)
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

/** The error in a response; null if it is a success. */
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
  const isDegraded = status === row.degradedStatus && fields['degraded'] === true;
  if (body === undefined || ((status < 200 || status >= 300) && !isDegraded)) {
    return new OcmeshError('daemon_down', {
      message: `The response is not from an ocmesh daemon (HTTP ${status}).`,
      problem: 'not_a_daemon',
    });
  }
  return null;
}

const nextCursor = (link: string | null): string | null =>
  /[?&]cursor=([^&>]+)[^>]*>; rel="next"/.exec(link ?? '')?.[1] ?? null;
