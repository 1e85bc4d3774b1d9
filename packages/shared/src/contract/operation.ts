import type { ErrorCode } from './errors.ts';
import type { TObject, TSchema } from './typebox.ts';

/** One REST operation. Types, validation, routes, client, docs and MCP tools all come from its row. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** `:name` parts are fields of `input`; the rest is the JSON body, or, of GET and DELETE, the query. */
  readonly path: string;
  readonly summary: string;
  readonly input: TObject;
  readonly output: TSchema;
  /** `output` is a page: the answer is its array, the next page stands in `Link`. */
  readonly page?: true;
  /** The answer is this type of text, not JSON. */
  readonly text?: string;
  /** The answer is a stream of Server-Sent Events, each of them an `output`. */
  readonly stream?: true;
  /** Where it is not 200. */
  readonly successStatus?: 201;
  /** A status that carries the answer all the same. */
  readonly degradedStatus?: 503;
  /** Fields of `input` that travel as headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Errors beyond those that every operation can have, and their status where it is not the catalogue's. */
  readonly errors?: Readonly<Partial<Record<ErrorCode, number | true>>>;
  /** Which code a violation of the schema gets, by `<field> <ajv keyword>`, where `invalid_request` is too vague. */
  readonly violations?: Readonly<Record<string, ErrorCode>>;
  /** For the owner alone: it needs the token, also where other calls need none. */
  readonly owner?: true;
  /** Answered without a token, also where other calls need one. */
  readonly open?: true;
}

/** Request header of a caller that shows the token but acts for an agent, not for the owner. */
export const callerHeader = 'ocmesh-caller';

/** The part of `AbortSignal` that is needed, so that this package stays free of platform types. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', run: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', run: () => void): void;
}

/** Whether the fields travel in a body. */
export const hasBody = ({ method }: Operation): boolean => method !== 'GET' && method !== 'DELETE';

/** What any call can end in. */
const common: readonly ErrorCode[] = [
  'invalid_request',
  'forbidden_origin',
  'token_wrong',
  'too_slow',
  'misdirected_host',
  'too_many_wrong_tokens',
  'headers_too_large',
  'internal',
  'shutting_down',
];
const commonWithBody: readonly ErrorCode[] = ['invalid_json', 'body_too_large', 'unsupported_media_type'];

/** What a call can end in beside the errors of its operation. */
export const commonErrors = (withBody: boolean): readonly ErrorCode[] =>
  withBody ? [...common, ...commonWithBody] : common;

/** Names of the `:name` parts of a path. */
export const pathFields = (path: string): string[] =>
  [...path.matchAll(/:([a-z_]+)/g)].map((match) => match[1] as string);

/** Status of an error on this operation. */
export const statusOf = (row: Operation, code: ErrorCode, catalogueStatus: number): number => {
  const own = row.errors?.[code];
  return typeof own === 'number' ? own : catalogueStatus;
};
