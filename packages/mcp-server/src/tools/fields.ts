import { operations, type Static, type TSchema, Type } from '@ocmesh/shared/contract';

/** A field of the contract with a description for this tool. `rules` overrides the contract's. */
export const described = <S extends TSchema>(schema: S, description: string, rules: object = {}) =>
  Type.Unsafe<Static<S>>({ ...schema, ...rules, description });

/** A choice between words as `enum`: several model vendors reject `anyOf` of constants. */
export const choice = <U extends TSchema & { readonly anyOf: readonly { readonly const: string }[] }>(
  union: U,
  description: string,
) => Type.Unsafe<Static<U>>({ type: 'string', enum: union.anyOf.map((word) => word.const), description });

/** A peer by its key. */
export const peerKey = (description: string) =>
  described(operations.getPeer.input.properties.pubkey, `${description}: pubkey (64 hex) or npub.`);

/** A message by its id. */
export const messageId = (description: string) =>
  described(operations.getMessage.input.properties.id, description);

export const defaultRows = 20;

/** Fewer rows than REST allows: a model reads all of them. */
export const rows = Type.Optional(
  described(operations.listPeers.input.properties.limit, `Maximum number of rows. Default: ${defaultRows}.`, {
    maximum: 100,
  }),
);

export const nextPage = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 128,
    description: 'next_cursor of the previous result; keep the other arguments.',
  }),
);

export const strict = { additionalProperties: false } as const;
