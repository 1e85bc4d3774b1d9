// The only import of the schema library: replacing it means changing this file.
// `import * as Type` and not `{ Type }`: the latter drags 200 KB into each bundle.
import * as Type from 'typebox';

export type { Static, TObject, TSchema } from 'typebox';
export { Type };

export const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const text = (description: string) => Type.String({ description });
export const count = (description: string) => Type.Integer({ description });
export const flag = (description: string) => Type.Boolean({ description });
export const timestamp = (description: string) =>
  Type.String({ description: `${description} ISO 8601 UTC.` });
