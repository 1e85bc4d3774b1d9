/** The first schema. Times are milliseconds since 1970, unless the name says otherwise; lists are JSON. */
export const init = `
CREATE TABLE snapshot(
  generation INTEGER NOT NULL,
  sequence INTEGER NOT NULL
) STRICT;

CREATE TABLE meta(
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE peers(
  pubkey TEXT PRIMARY KEY,
  name TEXT,
  about TEXT,
  version TEXT,
  features TEXT NOT NULL,
  capabilities TEXT NOT NULL,
  trust TEXT NOT NULL,
  alias TEXT,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  offline_since INTEGER,
  presence_at_sec INTEGER NOT NULL,
  hello TEXT NOT NULL,
  their_hello_at INTEGER,
  answered_at INTEGER,
  last_seq INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX peers_by_last_seen ON peers(last_seen DESC, pubkey);

CREATE TABLE messages(
  arrival INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  event_id TEXT NOT NULL UNIQUE,
  peer TEXT NOT NULL,
  direction TEXT NOT NULL,
  type TEXT NOT NULL,
  content TEXT NOT NULL,
  data TEXT,
  reply_to TEXT,
  thread TEXT,
  timestamp INTEGER NOT NULL,
  arrived_at INTEGER NOT NULL,
  read INTEGER NOT NULL,
  state TEXT NOT NULL,
  delivered_at INTEGER,
  read_at INTEGER,
  receipt_due TEXT NOT NULL
) STRICT;
CREATE INDEX messages_unread ON messages(peer, arrival) WHERE read = 0;
CREATE INDEX messages_of_peer ON messages(peer, arrival);
CREATE INDEX messages_by_age ON messages(arrived_at);
CREATE INDEX messages_by_state ON messages(state) WHERE direction = 'out';
CREATE INDEX messages_receipts ON messages(arrival) WHERE receipt_due <> 'none';

-- Counted as they come and go: counting 100,000 rows for each message would take longer than storing it.
CREATE TABLE message_totals(
  count INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  last_arrival INTEGER NOT NULL
) STRICT;
INSERT INTO message_totals VALUES(0, 0, 0);
CREATE TRIGGER message_stored AFTER INSERT ON messages BEGIN
  UPDATE message_totals SET count = count + 1, bytes = bytes + length(CAST(NEW.content AS BLOB)),
    last_arrival = NEW.arrival;
END;
CREATE TRIGGER message_removed AFTER DELETE ON messages BEGIN
  UPDATE message_totals SET count = count - 1, bytes = bytes - length(CAST(OLD.content AS BLOB));
END;

CREATE TABLE outbox(
  event_id TEXT PRIMARY KEY,
  event TEXT NOT NULL,
  peer TEXT NOT NULL,
  purpose TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  due_at INTEGER,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox(due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_expiry ON outbox(expires_at);

CREATE TABLE relay_outcomes(
  event_id TEXT NOT NULL,
  url TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT,
  final INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY(event_id, url)
) STRICT, WITHOUT ROWID;

CREATE TABLE seen(
  event_id TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX seen_by_age ON seen(at);

CREATE TABLE relays(
  url TEXT PRIMARY KEY,
  cursor INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency(
  key TEXT PRIMARY KEY,
  request TEXT NOT NULL,
  answer TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
