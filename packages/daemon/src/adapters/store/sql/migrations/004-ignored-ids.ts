/** Ids of events without effect move to a list of their own, and each relay has its share of the others. */
export const ignoredIds = `
-- The relay that sent the event first: one that sends too many loses its own ids only.
ALTER TABLE seen ADD COLUMN relay TEXT NOT NULL DEFAULT '';
DROP INDEX seen_by_age;
CREATE INDEX seen_by_relay ON seen(relay, at);

-- Since when all ids of this relay are known; older events would count as new.
ALTER TABLE relays ADD COLUMN known_since INTEGER NOT NULL DEFAULT 0;

-- Events that had no effect and need none: forgetting one costs a decryption. Also the peer and id of each message that was
-- removed to make room: it must not be shown again when its sender repeats it in another event.
CREATE TABLE ignored(
  event_id TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ignored_by_age ON ignored(at);
`;
