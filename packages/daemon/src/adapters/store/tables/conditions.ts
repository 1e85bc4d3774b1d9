import { foldText } from '@ocmesh/shared/text';
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

/** Returns a condition that finds the text anywhere in one of the columns, and its parameters. SQLite itself folds ASCII only. */
export function contains(
  columns: readonly string[],
  text: string,
): [condition: string, ...parameters: string[]] {
  const isAscii = /^\p{ASCII}*$/u.test(text);
  const each = (column: string): string =>
    isAscii ? `${column} LIKE ? ESCAPE '\\'` : `instr(fold(${column}), ?) > 0`;
  const parameter = isAscii ? likePattern(text) : foldText(text);
  return [`(${columns.map(each).join(' OR ')})`, ...columns.map(() => parameter)];
}

/** Returns a LIKE pattern for `ESCAPE '\'` that finds the text anywhere, with its wildcards escaped. */
const likePattern = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
