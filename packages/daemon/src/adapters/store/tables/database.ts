import type { Tables } from '../../../core/ports/store.ts';
import type { Command } from '../engine/journal.ts';
import type { Sql, SqlValue } from '../sql/sql.ts';
import { type StatementName, statementNumber, statementText } from '../sql/statements.ts';
import { createMessagesTable } from './messages.ts';
import { createOutboxTable } from './outbox.ts';
import { createPeersTable } from './peers.ts';
import {
  createIdempotencyTable,
  createMetaTable,
  createRelayChoicesTable,
  createRelayListsTable,
  createRelaysTable,
  createSeenTable,
} from './small-tables.ts';
import { createGreetedTable, createHeldTable, createLoopsTable, createWishesTable } from './trust-tables.ts';

/** What the tables work with: any query, but changes only by a statement that the journal knows. */
export interface Database extends Pick<Sql, 'one' | 'all'> {
  write(name: StatementName, parameters: readonly SqlValue[]): void;
}

/** @param onWrite gets each command that was carried out */
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

export const createTables = (database: Database): Tables => ({
  meta: createMetaTable(database),
  peers: createPeersTable(database),
  messages: createMessagesTable(database),
  outbox: createOutboxTable(database),
  seen: createSeenTable(database),
  relays: createRelaysTable(database),
  relayLists: createRelayListsTable(database),
  relayChoices: createRelayChoicesTable(database),
  idempotency: createIdempotencyTable(database),
  held: createHeldTable(database),
  pendingContacts: createWishesTable(database),
  loops: createLoopsTable(database),
  greeted: createGreetedTable(database),
});
