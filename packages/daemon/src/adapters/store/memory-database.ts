import type { Tables } from '../../core/ports/store.ts';
import type { Sql } from './sql/sql.ts';
import type { Command } from './sql/statements.ts';
import { createDatabase } from './tables/database.ts';
import { createTables } from './tables/index.ts';

/** The database in memory. Changes apply at once, and are recorded as commands for the journal. */
export interface MemoryDatabase {
  tables(): Tables;
  /**
   * Runs a change in one SQL transaction.
   * @returns its result and the commands it carried out
   * @throws what the change throws, with nothing applied
   */
  apply<T>(change: (tables: Tables) => T): { readonly result: T; readonly commands: readonly Command[] };
  /** Continues with another database. */
  replace(other: Sql): void;
  close(): void;
}

export function createMemoryDatabase(initial: Sql): MemoryDatabase {
  let sql = initial;
  let commands: Command[] = [];
  const openTables = (): Tables => createTables(createDatabase(sql, (command) => commands.push(command)));
  let tables = openTables();

  return {
    tables: () => tables,
    apply(change) {
      commands = [];
      sql.run('BEGIN');
      try {
        const result = change(tables);
        sql.run('COMMIT');
        return { result, commands };
      } catch (error) {
        sql.run('ROLLBACK');
        // They may hold cached rows that were rolled back.
        tables = openTables();
        throw error;
      }
    },
    replace(other) {
      const before = sql;
      sql = other;
      tables = openTables();
      before.close();
    },
    close: () => sql.close(),
  };
}
