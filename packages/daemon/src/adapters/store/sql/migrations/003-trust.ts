/** Held messages of strangers, pending contacts, loop pauses, and hellos that are remembered longer than their peers. */
export const trust = `
ALTER TABLE peers ADD COLUMN note TEXT;

-- Sent without a person: the loop guard counts them.
ALTER TABLE messages ADD COLUMN auto INTEGER NOT NULL DEFAULT 0;
-- Automatic messages in a row, this one included.
ALTER TABLE messages ADD COLUMN hops INTEGER NOT NULL DEFAULT 0;

-- Messages of strangers that wait for the owner's yes, as JSON of what will be stored.
CREATE TABLE held(
  id TEXT PRIMARY KEY,
  peer TEXT NOT NULL,
  at INTEGER NOT NULL,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX held_by_peer ON held(peer);

-- Strangers whom our agent wants to write to, and what it wanted to say first.
CREATE TABLE contact_wishes(
  peer TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  content TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Conversations that the loop guard stopped: since when (null again once resumed), and from when it counts.
CREATE TABLE loop_pauses(
  peer TEXT PRIMARY KEY,
  paused_at INTEGER,
  count_from INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One hello for each key ever, even when its peer was forgotten.
CREATE TABLE greeted(
  pubkey TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX greeted_by_age ON greeted(at);
INSERT INTO greeted SELECT pubkey, 0 FROM peers WHERE hello <> 'none';
`;
