/** The owner's phone, and the requests that were put to it. */
export const owner = `
-- The key from which the owner decides, in one row. Confirmed once the code is null.
CREATE TABLE owner(
  id INTEGER PRIMARY KEY CHECK (id = 1),
  pubkey TEXT NOT NULL,
  code TEXT,
  tries_left INTEGER NOT NULL,
  named_at INTEGER NOT NULL,
  quiet_hours TEXT,
  -- The owner was told that no relay keeps our mail, and not yet that one does again.
  mail_alarm INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Who waits, and since when, identifies what the number stands for. The date is that of the message with the request.
CREATE TABLE owner_requests(
  number INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  peer TEXT NOT NULL,
  since INTEGER NOT NULL,
  sent_at INTEGER NOT NULL,
  dated_sec INTEGER NOT NULL,
  choice TEXT
) STRICT;
`;
