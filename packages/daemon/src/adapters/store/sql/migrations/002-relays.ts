/** Retry times move to the lanes, messages can be re-signed, and relay lists of peers and relays of the owner are stored. */
export const relays = `
DROP INDEX outbox_due;
ALTER TABLE outbox DROP COLUMN due_at;
ALTER TABLE outbox DROP COLUMN attempts;

-- Place in the conversation, of outgoing messages: with it the same payload can be made again.
ALTER TABLE messages ADD COLUMN seq INTEGER;

-- Newest relay lists of peers: 10002 (NIP-65) and 10050 (NIP-17).
CREATE TABLE relay_lists(
  pubkey TEXT NOT NULL,
  kind INTEGER NOT NULL,
  created_at_sec INTEGER NOT NULL,
  urls TEXT NOT NULL,
  PRIMARY KEY(pubkey, kind)
) STRICT, WITHOUT ROWID;

-- What the owner added to (1) or took from (0) the configured relays.
CREATE TABLE relay_choices(
  url TEXT PRIMARY KEY,
  wanted INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
