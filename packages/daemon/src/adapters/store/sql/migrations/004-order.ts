/** The order of a conversation, messages to several, and messages that expire. */
export const order = `
-- Position in the conversation: place, then rank. The place of a message that came late is that of the message it stands
-- before; the rank is then the sender's number. Otherwise the place is the position of arrival.
ALTER TABLE messages ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
-- Series of the sender that it belongs to; 0 if none is known.
ALTER TABLE messages ADD COLUMN series INTEGER NOT NULL DEFAULT 0;
-- Messages of the series that are missing just before this one.
ALTER TABLE messages ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;
UPDATE messages SET place = arrival, rank = CASE direction WHEN 'out' THEN 9007199254740991 ELSE 0 END;
-- When the sender says it was written.
ALTER TABLE messages ADD COLUMN written INTEGER;
-- Of a message to several: all receivers, as a list.
ALTER TABLE messages ADD COLUMN recipients TEXT;
ALTER TABLE messages ADD COLUMN subject TEXT;
ALTER TABLE messages ADD COLUMN expires_at INTEGER;
CREATE INDEX messages_expiring ON messages(expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX messages_in_order ON messages(place, rank);
CREATE INDEX messages_of_peer_in_order ON messages(peer, place, rank);
CREATE INDEX messages_by_number ON messages(peer, series, seq) WHERE series > 0;
CREATE INDEX messages_behind_gaps ON messages(peer, seq) WHERE missing > 0;

-- The current series of each peer, by the arrival of its first message: the highest number, when that was written and
-- arrived, and the time before which messages belong to an earlier series.
CREATE TABLE series(
  peer TEXT PRIMARY KEY,
  series INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  last_written INTEGER NOT NULL,
  last_arrival INTEGER NOT NULL,
  from_written INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
