/** Limits of tool results. */
export const toolLimits = {
  /** Characters of one result, as the JSON string in which hosts keep it. OpenClaw cuts at 20,000, with its own words around ours. */
  resultChars: 16_000,
  /** A message body in a list; `get_message` returns the full text. */
  listedChars: 1_000,
  /** What a peer says about itself in a list; `get_peer` returns all of it. */
  listedAboutChars: 100,
  /** Capabilities of a peer in a list: as many as its owner may set here. */
  listedClaims: 16,
  /** Receivers of a message to several that are named. */
  recipients: 20,
  /** Relays of a message or a status: a message has at most the own ones and three of its peer. */
  relays: 16,
  /** Paused conversations in a status; `get_peer` shows each. */
  pausedPeers: 8,
} as const;
