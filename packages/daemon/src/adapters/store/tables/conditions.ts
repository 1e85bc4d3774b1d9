import type { SqlValue } from '../sql/sql.ts';

/** Gathers the conditions of a query; the texts are ours, the caller's values only ever become parameters. */
export function conditions() {
  const texts: string[] = [];
  const parameters: SqlValue[] = [];
  return {
    add(text: string, ...values: SqlValue[]): void {
      texts.push(text);
      parameters.push(...values);
    },
    build: () => ({ where: texts.length > 0 ? `WHERE ${texts.join(' AND ')}` : '', parameters }),
  };
}

/** A LIKE pattern for `ESCAPE '\'` that finds the text anywhere, its own wildcards taken literally. */
export const likePattern = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
