/** Counts automatic messages without reading the conversation: each reply in a long one paid 0.7 ms. */
export const automatic = `
CREATE INDEX messages_automatic ON messages(peer, arrived_at) WHERE direction = 'out' AND auto = 1;
`;
