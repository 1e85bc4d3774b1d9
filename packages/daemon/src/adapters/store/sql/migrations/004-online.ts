/** How long the newest presence of a peer says that it counts. */
export const online = `
-- Until when the peer counts as online by its own announcement; 0 if that is no longer than the online window.
ALTER TABLE peers ADD COLUMN online_until INTEGER NOT NULL DEFAULT 0;
`;
