import type { SqlValue } from '../sql/sql.ts';

/** Builds the WHERE clause of a query. The texts are ours; values only become parameters. */
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

/** Returns a LIKE pattern for `ESCAPE '\'` that finds the text anywhere, with its wildcards escaped. */
export const likePattern = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
