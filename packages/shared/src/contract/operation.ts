import type { ErrorCode } from './errors.ts';
import type { TObject, TSchema } from './typebox.ts';

/** One REST operation. Types, validation, routes, client, docs and MCP tools are all derived from its row. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** `:name` parts are fields of `input`. The other fields travel in the JSON body, or in the query of GET and DELETE. */
  readonly path: string;
  readonly summary: string;
  readonly input: TObject;
  readonly output: TSchema;
  /** The response is one page of a list; the `Link` header has the next one. */
  readonly page?: true;
  /** Numbers about the whole list that come with a page, each in a header of its own. */
  readonly counts?: Readonly<Record<string, { readonly header: string; readonly description: string }>>;
  /** It may ask the relays: the response says in `askedHeaders` how many, and when. */
  readonly asksRelays?: true;
  /** Media type of a response that is text, not JSON. */
  readonly text?: string;
  /** The response is a stream of Server-Sent Events, each of them an `output`. */
  readonly stream?: true;
  /** Status of success if it is not 200. */
  readonly successStatus?: 201;
  /** An error status with the usual response as its body. */
  readonly degradedStatus?: 503;
  /** Fields of `input` that travel as headers, with the name of the header. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Errors besides those of every operation, and their status if it differs from the catalogue's. */
  readonly errors?: Readonly<Partial<Record<ErrorCode, number | true>>>;
  /** Error code for a violation of the schema, by `<field> <ajv keyword>`, where `invalid_request` is too vague. */
  readonly violations?: Readonly<Record<string, ErrorCode>>;
  /** Only the owner may call it: requires the token even if other calls do not. */
  readonly owner?: true;
  /** Never requires the token, even if other calls do. A browser needs no session for it. */
  readonly open?: true;
  /** About the sessions of browsers: implemented where HTTP is, because it takes cookies and other headers. */
  readonly session?: true;
}

/** Infers the exact type of a row. */
export const operation = <const O extends Operation>(row: O): O => row;

/** Port of the REST API on 127.0.0.1 unless configured. */
export const defaultPort = 7432;

/** Request header of a caller that sends the token but acts for an agent, not for the owner. */
export const callerHeader = 'ocmesh-caller';

/** Request header with the key of a page's session. Only the page's own script has it: cookies go to every port of this machine. */
export const pageKeyHeader = 'ocmesh-page';

/** Response headers of a call that asked the relays: how many answered, and when that was (ISO 8601). */
export const askedHeaders = { relays: 'ocmesh-asked', as_of: 'ocmesh-as-of' } as const;

/** The part of `AbortSignal` that we need, so that this package stays free of platform types. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', run: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', run: () => void): void;
}

/** Whether the request has a body. */
export const hasBody = ({ method }: Operation): boolean => method !== 'GET' && method !== 'DELETE';

/** Errors that any call can get. */
const common: readonly ErrorCode[] = [
  'invalid_request',
  'forbidden_origin',
  'token_wrong',
  'too_slow',
  'misdirected_host',
  'token_unreadable',
  'too_many_wrong_tokens',
  'headers_too_large',
  'internal',
  'shutting_down',
];
const commonWithBody: readonly ErrorCode[] = ['invalid_json', 'body_too_large', 'unsupported_media_type'];

/** Errors that a call can get besides those of its operation. */
export const commonErrors = (withBody: boolean): readonly ErrorCode[] =>
  withBody ? [...common, ...commonWithBody] : common;

/** Names of the parameters in a path. */
export const pathFields = (path: string): string[] =>
  [...path.matchAll(/:([a-z_]+)/g)].map((match) => match[1] as string);

/** HTTP status of an error of this operation. */
export const statusOf = (row: Operation, code: ErrorCode, catalogueStatus: number): number => {
  const own = row.errors?.[code];
  return typeof own === 'number' ? own : catalogueStatus;
};
