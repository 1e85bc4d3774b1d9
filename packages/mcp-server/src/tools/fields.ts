import { limits, operations, type Static, type TSchema, Type } from '@ocmesh/shared/contract';

/** A field of the contract with a description for this tool. `rules` overrides the contract's. */
export const described = <S extends TSchema>(schema: S, description: string, rules: object = {}) =>
  Type.Unsafe<Static<S>>({ ...schema, ...rules, description });

/** A choice between words as `enum`: several model vendors reject `anyOf` of constants. */
export const choice = <U extends TSchema & { readonly anyOf: readonly { readonly const: string }[] }>(
  union: U,
  description?: string,
) =>
  Type.Unsafe<Static<U>>({
    type: 'string',
    enum: union.anyOf.map((word) => word.const),
    ...(description === undefined ? {} : { description }),
  });

/** Text without rules of its own: the daemon checks it, and each rule takes room in a model's context. */
export const text = (description?: string) => Type.String(description === undefined ? {} : { description });

/** A peer by its handle, alias or key. */
export const peer = (description = '') =>
  text([description, `Handle (≥ ${limits.peer.handleDigits} hex), alias or key`].filter(Boolean).join(': '));

/** A whole number within these bounds. */
export const count = (maximum: number, description: string, minimum = 1) =>
  Type.Integer({ minimum, maximum, description });

/** Fewer rows than REST allows: a model reads all of them. */
export const rows = (standard: number) => Type.Optional(count(100, `Rows, default ${standard}`));

export const nextPage = Type.Optional(text('next_cursor; keep the other arguments'));

/** Below the 60 s after which MCP clients give up on a call. */
export const longestWaitSeconds = 50;

export const messageType = operations.sendMessage.input.properties.type;

export const strict = { additionalProperties: false } as const;
