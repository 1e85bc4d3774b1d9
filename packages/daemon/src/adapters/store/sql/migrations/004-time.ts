/** What is needed to re-sign an outbox item and to move its deadline, and relays that refuse older dates. */
export const time = `
-- When it was stored, in confirmed time, as is expires_at; 0 for items of an older schema.
ALTER TABLE outbox ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
-- Plaintext of receipts, replies and hellos. That of a message is made from the message.
ALTER TABLE outbox ADD COLUMN payload TEXT;

-- When a relay first refused an event because of its age; null for relays that take older dates.
ALTER TABLE relays ADD COLUMN fresh_dates_since INTEGER;
`;
