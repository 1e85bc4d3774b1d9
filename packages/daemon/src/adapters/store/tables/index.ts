import type { Tables } from '../../../core/ports/store.ts';
import type { Database } from './database.ts';
import { createMessagesTable } from './messages.ts';
import { createOutboxTable } from './outbox.ts';
import { createOwnerRequestsTable, createOwnerTable } from './owner.ts';
import { createPeersTable } from './peers.ts';
import { createSharesTable } from './shares.ts';
import {
  createIdempotencyTable,
  createMetaTable,
  createRelayChoicesTable,
  createRelayListsTable,
  createRelaysTable,
  createSeenTable,
  createSeriesTable,
} from './small-tables.ts';
import { createTimesTable } from './times.ts';
import {
  createGreetedTable,
  createHeldTable,
  createLoopsTable,
  createPendingContactsTable,
} from './trust-tables.ts';

export const createTables = (database: Database): Tables => ({
  meta: createMetaTable(database),
  peers: createPeersTable(database),
  messages: createMessagesTable(database),
  shares: createSharesTable(database),
  outbox: createOutboxTable(database),
  seen: createSeenTable(database),
  series: createSeriesTable(database),
  relays: createRelaysTable(database),
  relayLists: createRelayListsTable(database),
  relayChoices: createRelayChoicesTable(database),
  idempotency: createIdempotencyTable(database),
  held: createHeldTable(database),
  pendingContacts: createPendingContactsTable(database),
  loops: createLoopsTable(database),
  greeted: createGreetedTable(database),
  owner: createOwnerTable(database),
  ownerRequests: createOwnerRequestsTable(database),
  times: createTimesTable(database),
});
