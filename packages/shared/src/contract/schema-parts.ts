import { type TSchema, Type } from './typebox.ts';

export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const text = (description: string) => Type.String({ description });
export const timestamp = (description: string) =>
  Type.String({ description: `${description} ISO 8601 UTC.` });
