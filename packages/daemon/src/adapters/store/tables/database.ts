import type { Sql, SqlValue } from '../sql/sql.ts';
import { type Command, type StatementName, statementNumber, statementText } from '../sql/statements.ts';

/** The database as the tables use it: any query, but only changes that the journal knows. */
export interface Database extends Pick<Sql, 'one' | 'all'> {
  write(name: StatementName, parameters: readonly SqlValue[]): void;
}

/** @param onWrite called with each executed command */
export function createDatabase(sql: Sql, onWrite: (command: Command) => void): Database {
  return {
    one: sql.one,
    all: sql.all,
    write(name, parameters) {
      const number = statementNumber(name);
      sql.run(statementText(number), parameters);
      onWrite([number, ...parameters]);
    },
  };
}
